//! The levers of the checkout page's bench: what the customer's wallet, the network and the clock do.

use super::{
    coin::DECIMALS, duration::parse_duration, ledger::Ledger, page::view::Notice, refusal::Refusal, shared::Shared,
};
use crate::amount::Amount;

/// The clock is moved by a day at most at a time.
const LONGEST_STEP: std::time::Duration = std::time::Duration::from_hours(24);

/// What a lever needs beyond its name.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Given<'a> {
    /// For `amount`.
    pub(super) amount: Option<&'a str>,
    /// For `advance`.
    pub(super) by: Option<&'a str>,
}

/// Why a lever did nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stuck {
    UnknownToken,
    UnknownLever,
    Noticed(Notice),
}

impl From<Refusal> for Stuck {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::UnknownToken => Self::UnknownToken,
            Refusal::WrongAmount(_) => Self::Noticed(Notice::Amount),
            _ => Self::Noticed(Notice::Moved),
        }
    }
}

/// Pulls the lever with this name. One that makes no sense now moves nothing.
pub(super) async fn pull(shared: &Shared, name: &str, token: &str, given: Given<'_>) -> Result<(), Stuck> {
    if name == "advance" {
        shared.read(|ledger| ledger.payment(token).map(|_| ())).ok_or(Stuck::UnknownToken)?;
        return advance(shared, given.by.unwrap_or_default()).await;
    }
    shared.change(|ledger| at_once(ledger, name, token, given))
}

/// Moves the clock on by `1m` and the like.
pub(super) async fn advance(shared: &Shared, by: &str) -> Result<(), Stuck> {
    let by = parse_duration(by).ok().filter(|by| *by <= LONGEST_STEP).ok_or(Stuck::UnknownLever)?;
    // Ends early only when the simulator does.
    let _ = shared.advanced(by).await;
    Ok(())
}

fn at_once(ledger: &mut Ledger, name: &str, token: &str, given: Given<'_>) -> Result<(), Stuck> {
    match name {
        "pay" => ledger.pay(token)?,
        "less" => pay_less(ledger, token)?,
        "more" => pay_more(ledger, token)?,
        "amount" => {
            let amount = given.amount.and_then(|amount| Amount::parse(amount.trim()).ok());
            ledger.pay_amount(token, amount.ok_or(Stuck::Noticed(Notice::Amount))?)?;
        }
        "late" => pay_late(ledger, token)?,
        "confirm" => ledger.confirm(token)?,
        "drop" => ledger.drop_transaction(token)?,
        "reject" => ledger.reject(token)?,
        "expire" => ledger.expire(token)?,
        "cancel" => ledger.cancel(token)?,
        _ => return Err(Stuck::UnknownLever),
    }
    Ok(())
}

fn pay_less(ledger: &mut Ledger, token: &str) -> Result<(), Refusal> {
    let half = ledger.owed(token)?.half(DECIMALS);
    ledger.pay_amount(token, half)
}

fn pay_more(ledger: &mut Ledger, token: &str) -> Result<(), Refusal> {
    let owed = ledger.owed(token)?;
    let more = owed.plus(&owed.tenth(DECIMALS));
    ledger.pay_amount(token, more)
}

/// The time runs out first where it has not yet.
fn pay_late(ledger: &mut Ledger, token: &str) -> Result<(), Refusal> {
    if !ledger.payment(token).ok_or(Refusal::UnknownToken)?.is_over() {
        ledger.expire(token)?;
    }
    ledger.pay(token)
}
