//! The dashboard: what happened to every payment, and everything that can be done to it.

mod callback;
mod chaos;
mod faults;
mod findings;
mod frame;
mod notice;
mod payment;
mod payments;
mod pretty;
mod stores;
mod timeline;
mod words;

use std::hash::{DefaultHasher, Hash, Hasher};

use crate::simulator::ledger::Ledger;

pub(in crate::simulator) use notice::Notice;
pub(in crate::simulator) use payments::Wanted;

/// One visit to the dashboard.
pub(in crate::simulator) struct Visit<'a> {
    pub(in crate::simulator) ledger: &'a Ledger,
    /// Without it no form is taken.
    pub(in crate::simulator) form_token: &'a str,
    /// As the browser calls this machine, with the port.
    pub(in crate::simulator) host: &'a str,
    /// Path and query of the page that is shown: where its forms lead back to.
    pub(in crate::simulator) here: &'a str,
    pub(in crate::simulator) notice: Option<Notice>,
}

/// The pages of the dashboard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::simulator) enum Section {
    Payments,
    Callbacks,
    Faults,
    Findings,
    Stores,
}

impl Visit<'_> {
    /// The page of a section.
    pub(in crate::simulator) fn page(&self, section: Section, wanted: &Wanted) -> String {
        let (title, main) = match section {
            Section::Payments => ("Payments", payments::list(self, wanted)),
            Section::Callbacks => ("Callbacks", callback::recent(self)),
            Section::Faults => ("Faults", faults::section(self)),
            Section::Findings => ("Findings", findings::section(self)),
            Section::Stores => ("Stores", stores::section(self)),
        };
        frame::page(self, section, title, &main)
    }

    /// The page of one payment. None when the token is unknown.
    pub(in crate::simulator) fn payment(&self, token: &str) -> Option<String> {
        let main = payment::section(self, token)?;
        Some(frame::page(self, Section::Payments, "Payment", &main))
    }

    /// For a payment or a page that there is not.
    pub(in crate::simulator) fn not_found(&self) -> String {
        let main = "<section class=\"empty\"><h1>Not found</h1><p>The simulator does not know it, or does not keep it any \
                    more. <a href=\"/\">All payments</a></p></section>";
        frame::page(self, Section::Payments, "Not found", main)
    }
}

/// Changes whenever a page would look different, but for time that passes by itself.
pub(in crate::simulator) fn stamp(ledger: &Ledger) -> u64 {
    let mut stamp = DefaultHasher::new();
    (ledger.last_sequence(), ledger.last_callback, ledger.clock.ahead()).hash(&mut stamp);
    ledger.findings.list().iter().for_each(|finding| finding.count.hash(&mut stamp));
    ledger.faults.armed().iter().for_each(|armed| (armed.fault, armed.times).hash(&mut stamp));
    ledger.stores.iter().for_each(|store| store.target.as_ref().map(|target| &target.text).hash(&mut stamp));
    format!("{:?}", ledger.chaos()).hash(&mut stamp);
    stamp.finish()
}
