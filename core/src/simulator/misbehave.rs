//! Making a running [`Simulator`] misbehave, and what it found wrong with the shop.

use http::{HeaderMap, HeaderName, HeaderValue};

use super::{
    ArmedFault, CallbackMethod, Chaos, Fault, Finding, Simulator, Store, ledger::Ledger, store::Account, target::Target,
};
use crate::{
    error::{Error, ErrorCode},
    status::OrderStatus,
};

impl Simulator {
    /// Every store as it stands, the first one first.
    pub fn stores(&self) -> Vec<Store> {
        self.shared.read(|ledger| ledger.stores.iter().map(Account::snapshot).collect())
    }

    /// Sets where the first store's callbacks go, as its settings would, and plain http to any host is taken.
    ///
    /// # Errors
    /// `input.callback_url` when it is not an http or https URL.
    pub fn set_callback_url(&self, url: &str, method: CallbackMethod) -> Result<(), Error> {
        self.set_target(None, url, method)
    }

    /// The same for the store with this name.
    ///
    /// # Errors
    /// The same, and `config.missing` when no store has this name.
    pub fn set_callback_url_of(&self, store: &str, url: &str, method: CallbackMethod) -> Result<(), Error> {
        self.set_target(Some(store), url, method)
    }

    fn set_target(&self, store: Option<&str>, url: &str, method: CallbackMethod) -> Result<(), Error> {
        let target = Target::new(url, method)?;
        self.shared.change(|ledger| {
            let store = ledger.store_named(store)?;
            ledger.set_target(store, Some(target));
            Ok(())
        })
    }

    /// Sends a signed callback with any status, without moving the payment: a repeated, late or undocumented one. Faults
    /// that are armed befall it.
    ///
    /// # Errors
    /// `api.rejected` when the token is unknown; `config.missing` when no callback URL is set.
    pub fn send_callback(&self, token: &str, status: OrderStatus) -> Result<(), Error> {
        self.do_to(|ledger| ledger.send_callback(token, status))
    }

    /// Sends these bytes with exactly these headers, unsigned unless a header holds a signature. Recorded among the
    /// payment's deliveries, and retried like any.
    ///
    /// # Errors
    /// As [`send_callback`](Self::send_callback), and `input.headers` for a header that HTTP does not allow.
    pub fn forge_callback(&self, token: &str, body: &[u8], headers: &[(&str, &str)]) -> Result<(), Error> {
        let headers = header_map(headers)?;
        self.do_to(|ledger| ledger.forge_callback(token, body.to_vec(), headers).map(drop))
    }

    /// Sends a delivery again, byte for byte, to where it went. Returns the new delivery's id.
    ///
    /// # Errors
    /// `api.rejected` when there is no such delivery, or it is not kept any more.
    pub fn resend(&self, delivery: u64) -> Result<u64, Error> {
        self.do_to(|ledger| ledger.resend(delivery))
    }

    /// Sends a delivery again with its status changed after it was signed, once. A shop that answers 2xx is
    /// [found out](Self::findings). Returns the new delivery's id.
    ///
    /// # Errors
    /// The same.
    pub fn tamper(&self, delivery: u64) -> Result<u64, Error> {
        self.do_to(|ledger| ledger.tamper(delivery))
    }

    /// Sends what the dashboard's "Test Webhook" sends, once: signed, and about no payment. For the store with this name, or
    /// the first one. Returns the delivery's id.
    ///
    /// The gateway's own probe is not documented; integrators expect it to carry no token.
    ///
    /// # Errors
    /// `config.missing` when no store has this name, or it has no callback URL.
    pub fn send_test_webhook(&self, store: Option<&str>) -> Result<u64, Error> {
        self.do_to(|ledger| ledger.store_named(store).and_then(|store| ledger.send_test_webhook(store)))
    }

    /// Sends what a thief would, once: the newest payment is Paid, under a signature that belongs to other bytes. A shop
    /// that answers 2xx is [found out](Self::findings). For the store with this name, or the first one. Returns the
    /// delivery's id.
    ///
    /// # Errors
    /// The same.
    pub fn send_tampered_probe(&self, store: Option<&str>) -> Result<u64, Error> {
        self.do_to(|ledger| ledger.store_named(store).and_then(|store| ledger.send_tampered_probe(store)))
    }

    /// Arms a fault: it befalls the next callbacks or API answers that it concerns, `times` of them, or all until it is
    /// cleared. With a token, only those of this payment.
    pub fn arm(&self, fault: Fault, times: Option<u32>, token: Option<&str>) {
        self.shared.change(|ledger| ledger.faults.arm(fault, times, token.map(str::to_owned)));
    }

    /// The faults that are armed, in the order in which they were.
    pub fn faults(&self) -> Vec<ArmedFault> {
        self.shared.read(|ledger| ledger.faults.armed().to_vec())
    }

    /// Disarms every fault. Chaos goes on.
    pub fn clear_faults(&self) {
        self.shared.change(|ledger| ledger.faults.clear());
    }

    /// Lets faults strike by chance from now on, in place of the chaos before.
    ///
    /// # Errors
    /// `input.fault` when a probability is not from 0 to 1.
    pub fn chaos(&self, chaos: Chaos) -> Result<(), Error> {
        chaos.check()?;
        self.do_to(|ledger| ledger.set_chaos(Some(chaos)))
    }

    /// Ends the chaos. Faults stay armed.
    pub fn calm(&self) {
        // Only beginning it can fail.
        let _ = self.shared.change(|ledger| ledger.set_chaos(None));
    }

    /// What is wrong with the shop, as far as it was seen: the first of each kind and place, and how often.
    pub fn findings(&self) -> Vec<Finding> {
        self.shared.read(|ledger| ledger.findings.list().to_vec())
    }

    /// Fails when there are [findings](Self::findings). For the end of a test.
    ///
    /// # Errors
    /// `config.findings`, which lists their kinds; the hint mends the first.
    pub fn check_findings(&self) -> Result<(), Error> {
        let findings = self.findings();
        let Some(first) = findings.first() else { return Ok(()) };
        let mut kinds: Vec<_> = findings.iter().map(|finding| finding.kind.as_str()).collect();
        kinds.sort_unstable();
        kinds.dedup();
        let message = format!("the simulator found mistakes: {}", kinds.join(", "));
        Err(Error::new(ErrorCode::ConfigFindings, message).with_hint(format!(
            "{} {}",
            first.kind.problem(),
            first.kind.fix()
        )))
    }

    fn do_to<T>(&self, act: impl FnOnce(&mut Ledger) -> Result<T, Error>) -> Result<T, Error> {
        self.running()?;
        self.shared.change(act)
    }
}

fn header_map(headers: &[(&str, &str)]) -> Result<HeaderMap, Error> {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        let pair = HeaderName::try_from(*name).ok().zip(HeaderValue::try_from(*value).ok());
        let (name, value) =
            pair.ok_or_else(|| Error::new(ErrorCode::InputHeaders, "a header name or value is not allowed in HTTP"))?;
        map.append(name, value);
    }
    Ok(map)
}
