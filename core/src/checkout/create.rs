//! Creating a payment: the intent is recorded before the gateway is asked, once for each order and price.

use std::time::Duration;

use tokio::time::Instant;

use super::{
    Checkout,
    clock::Millis,
    database::{Database, Sql, Transaction, transact, values},
    history::Note,
    intent::{self, Recorded},
    orders::{self, OrderRow, PaymentRow},
    state::{OrderState, PaymentState},
    status::telling_status,
    terms::{Terms, price_to_json},
    verify::{LEAST_GAP, Verifier},
};
use crate::{
    Client, Limits, PaymentRequest,
    error::{Error, ErrorCode, ErrorKind},
    payment::Payment,
    price::Price,
    text::quote,
    token::Token,
};

/// Web hosts cut a request at 30 seconds.
const WHOLE_CALL: Duration = Duration::from_secs(25);
/// How long a second caller waits for the first one's token.
const WAIT: Duration = Duration::from_secs(10);
const LOOK: Duration = Duration::from_millis(50);
const RENEW: Duration = Duration::from_secs(3);
/// The gateway may have closed an older payment: it is asked before the customer is sent there.
const OLD: Millis = 10 * 60_000;

/// One call's purchase.
#[derive(Clone)]
pub(super) struct Purchase {
    pub(super) account: String,
    pub(super) order_id: String,
    pub(super) price: Price,
    pub(super) terms: Terms,
    pub(super) request: PaymentRequest,
    pub(super) gateway: String,
    pub(super) live: Option<bool>,
    /// This call and no other.
    pub(super) creator: String,
    pub(super) who: String,
}

/// What the database says about a purchase.
enum Step {
    /// The same payment again.
    Use(Box<PaymentRow>),
    /// The same payment, if the gateway says that it is still open. The intent is for the one that follows it: meanwhile the
    /// order is not closed, whatever the gateway says of this payment.
    AskFirst(Box<PaymentRow>, i64),
    /// Another call is creating it.
    Wait,
    /// The intent is ours: ask the gateway.
    Create(i64),
}

/// How often the database has been asked already.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Pass {
    First,
    Again,
    /// And the gateway about the older payment.
    Asked,
}

impl Checkout {
    /// Asks for a payment of an order, and keeps it. The same order at the same price gives the same payment for as long
    /// as it can be paid; a new price supersedes what came before.
    ///
    /// # Errors
    /// `checkout.already_paid`; `checkout.payment_in_progress` while a payment of the order is being confirmed, both with
    /// [where it stands](Error::order);
    /// `checkout.creation_in_progress` where another process has not got its token within 10 seconds;
    /// `checkout.superseded` where the order got another price or was canceled meanwhile; `input.` for what is wrong in the request; `database.`; as `Client::create_payment` otherwise. The call ends within 25 seconds.
    pub async fn create_payment(&self, request: PaymentRequest) -> Result<Payment, Error> {
        let price = self.client().check_request(&request)?;
        self.start_background()?;
        let purchase = Purchase {
            account: self.account().to_owned(),
            order_id: request.order_id.clone(),
            terms: Terms::new(&price, request.speed),
            price,
            request,
            gateway: self.client().gateway(),
            live: self.client().gateway().eq("simulator").then_some(false),
            creator: self.fresh_id(),
            who: self.who().to_owned(),
        };
        let parts = self.verifier_parts();
        let created = self.with_database_for(WHOLE_CALL, async move |database| {
            Box::pin(create(&parts.over(database), &purchase, Instant::now() + WHOLE_CALL)).await
        });
        created.await
    }
}

async fn create(verifier: &Verifier, purchase: &Purchase, end: Instant) -> Result<Payment, Error> {
    match Box::pin(try_create(verifier, purchase, end)).await {
        Ok(payment) => Ok(payment),
        Err(error) => {
            // Nobody shall wait for this call. Where it fails, the intent's lease ends.
            let _ = transact!(verifier.database, transaction => intent::give_up_all(&mut transaction, purchase));
            let (database, client) = (&verifier.database, &verifier.client);
            Err(telling_status(error, database, client, &purchase.account, &purchase.order_id).await)
        }
    }
}

async fn try_create(verifier: &Verifier, purchase: &Purchase, end: Instant) -> Result<Payment, Error> {
    let patience = Instant::now() + WAIT;
    let mut pass = Pass::First;
    loop {
        let step = transact!(verifier.database, transaction => step(&mut transaction, purchase, pass))?;
        pass = if pass == Pass::Asked { pass } else { Pass::Again };
        match step {
            Step::Use(payment) => return known_payment(&verifier.client, purchase, &payment),
            Step::AskFirst(payment, intent) => {
                pass = Pass::Asked;
                let asking = ask_first(verifier, &payment, end);
                Box::pin(while_renewing(&verifier.database, &purchase.creator, intent, asking)).await?;
            }
            Step::Wait if Instant::now() >= patience => return Err(in_progress(purchase)),
            Step::Wait => tokio::time::sleep(LOOK).await,
            Step::Create(intent) => {
                if let Some(payment) = ask_gateway(verifier, purchase, intent, end).await? {
                    return Ok(payment);
                }
                // Somebody took the intent over meanwhile: their token is the one.
            }
        }
    }
}

async fn step(transaction: &mut Transaction, purchase: &Purchase, pass: Pass) -> Result<Step, Error> {
    let now = transaction.now();
    let values = values![&purchase.account, &purchase.order_id, purchase.terms.as_str(), price_text(purchase), now];
    let is_new = transaction.execute(INSERT_ORDER, values).await? > 0;
    let order = orders::lock(transaction, &purchase.account, &purchase.order_id).await?;
    let order = order.ok_or_else(|| Error::new(ErrorCode::DatabaseUnavailable, "the order vanished"))?;
    let payments = orders::lock_payments(transaction, order.id).await?;
    let same: Vec<_> = payments.iter().filter(|payment| payment.terms == purchase.terms.as_str()).collect();
    check_unpaid(&order, &payments, &same, now)?;
    match pass {
        Pass::First => take_price(transaction, purchase, &order, is_new, now).await?,
        // Whoever came later has the last word about the price, and about whether there is an order at all.
        Pass::Again | Pass::Asked if !is_still_wanted(&order, purchase) => return Err(overtaken(purchase)),
        Pass::Again | Pass::Asked => {}
    }
    let intent = same.iter().find(|payment| payment.state == PaymentState::Creating);
    let others = intent.filter(|intent| !intent.is_abandoned(now) && !intent.is_created_by(&purchase.creator));
    if let Some(payment) = same.iter().rev().find(|payment| payment.is_payable()) {
        let payment = Box::new((*payment).clone());
        if pass == Pass::Asked || !is_to_be_asked_about(&payment, now) {
            intent::give_up_all(transaction, purchase).await?;
            return Ok(Step::Use(payment));
        }
        if others.is_none() {
            let intent = intent::claim(transaction, purchase, order.id, intent.map(|intent| intent.id), now).await?;
            return Ok(Step::AskFirst(payment, intent));
        }
    }
    if others.is_some() {
        return Ok(Step::Wait);
    }
    intent::claim(transaction, purchase, order.id, intent.map(|intent| intent.id), now).await.map(Step::Create)
}

/// Not again for each click and each reload.
fn is_to_be_asked_about(payment: &PaymentRow, now: Millis) -> bool {
    // A time to come is that of a clock which was wrong.
    let has_just_answered = (0..=LEAST_GAP).contains(&(now - payment.updated_at));
    now - payment.created_at > OLD && !has_just_answered
}

pub(super) fn is_still_wanted(order: &OrderRow, purchase: &Purchase) -> bool {
    order.terms == purchase.terms.as_str() && order.canceled_at.is_none()
}

pub(super) fn price_text(purchase: &Purchase) -> String {
    price_to_json(&purchase.price).to_string()
}

fn check_unpaid(order: &OrderRow, payments: &[PaymentRow], same: &[&PaymentRow], now: Millis) -> Result<(), Error> {
    if order.state == OrderState::Paid {
        let message = format!("the order {} is paid", quote(&order.order_id));
        return Err(Error::new(ErrorCode::CheckoutAlreadyPaid, message)
            .with_hint("show the customer the order's status instead of a payment page"));
    }
    if payments.iter().any(|payment| payment.is_awaited(now)) {
        let message = format!("a payment of the order {} is being confirmed", quote(&order.order_id));
        return Err(Error::new(ErrorCode::CheckoutPaymentInProgress, message)
            .with_hint("the money is on its way; a second payment would be paid twice"));
    }
    if same.iter().any(|payment| payment.state == PaymentState::Settled) {
        let message =
            format!("the money for the order {} came while it had another price, or none", quote(&order.order_id));
        return Err(Error::new(ErrorCode::CheckoutAlreadyPaid, message).with_hint(
            "see its attention: ship it, or send the money back and let the customer pay for another order id",
        ));
    }
    Ok(())
}

/// Makes this call's price the order's current one. Earlier attempts at another price stay watched, and pay nothing.
async fn take_price(
    transaction: &mut Transaction,
    purchase: &Purchase,
    order: &OrderRow,
    is_new: bool,
    now: Millis,
) -> Result<(), Error> {
    let reopened = order.canceled_at.is_some();
    if order.terms == purchase.terms.as_str() && !reopened && !is_new {
        return Ok(());
    }
    let values = values![order.id, purchase.terms.as_str(), price_text(purchase), now];
    transaction.later(SET_PRICE, values).await?;
    let what = match (is_new, reopened) {
        (true, _) => "created",
        (_, true) => "reopened",
        _ => "repriced",
    };
    let note = Note { what, who: &purchase.who, token: None, detail: purchase.terms.as_str() };
    note.write(transaction, order.id, now).await
}

/// Asks the gateway for the token, and records it. `None` where the intent is no longer ours.
async fn ask_gateway(
    verifier: &Verifier,
    purchase: &Purchase,
    intent: i64,
    end: Instant,
) -> Result<Option<Payment>, Error> {
    super::fail_point("after_intent");
    let asking = asked_once_more(&verifier.client, &purchase.request, end);
    let asked = while_renewing(&verifier.database, &purchase.creator, intent, asking).await;
    super::fail_point("after_create");
    let payment = asked?;
    let recorded = transact!(verifier.database, transaction => intent::record_token(&mut transaction, purchase, intent, &payment))?;
    match recorded {
        Recorded::Wanted => Ok(Some(payment)),
        Recorded::Overtaken => Err(overtaken(purchase)),
        Recorded::TakenOver => Ok(None),
    }
}

/// An unknown outcome is tried once more: a token that was lost on the way cannot be paid.
async fn asked_once_more(client: &Client, request: &PaymentRequest, end: Instant) -> Result<Payment, Error> {
    let ask = async |half: bool| {
        let left = end.saturating_duration_since(Instant::now()).saturating_sub(Duration::from_millis(500));
        let total = if half { left / 2 } else { left }.min(client.limits().total).max(Duration::from_millis(100));
        client.with_limits(Limits { total, ..client.limits() })?.create_payment(request.clone()).await
    };
    match ask(true).await {
        Err(error) if error.maybe_sent() && Instant::now() < end => ask(false).await,
        result => result,
    }
}

/// Keeps the intent's lease while the gateway is being asked.
async fn while_renewing<T>(
    database: &Database,
    creator: &str,
    intent: i64,
    asking: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    let mut asking = std::pin::pin!(asking);
    loop {
        match tokio::time::timeout(RENEW, &mut asking).await {
            Ok(result) => return result,
            Err(_) => {
                // A renewal that fails ends the lease, and somebody else creates: that is safe as well.
                let _ = transact!(database, transaction => intent::renew(&mut transaction, creator, intent));
            }
        }
    }
}

/// Asks about an older payment. Where the gateway does not answer, the payment is used as it is.
async fn ask_first(verifier: &Verifier, payment: &PaymentRow, end: Instant) -> Result<(), Error> {
    let Some(due) = verifier.claim_one(payment.id, 0).await? else { return Ok(()) };
    match tokio::time::timeout_at(end - WHOLE_CALL / 2, verifier.ask(&due)).await {
        Ok(Err(error)) if error.kind() == ErrorKind::Database => Err(error),
        _ => Ok(()),
    }
}

fn known_payment(client: &Client, purchase: &Purchase, payment: &PaymentRow) -> Result<Payment, Error> {
    let token = payment.token.as_deref().and_then(Token::parse);
    let token = token.ok_or_else(|| Error::new(ErrorCode::DatabaseValue, "a token in the database cannot be read"))?;
    Ok(client.payment(&token, purchase.order_id.clone(), payment.price.clone()))
}

fn in_progress(purchase: &Purchase) -> Error {
    let message = format!("another process is creating a payment of the order {}", quote(&purchase.order_id));
    Error::new(ErrorCode::CheckoutCreationInProgress, message).with_hint("try again in a few seconds")
}

fn overtaken(purchase: &Purchase) -> Error {
    let message = format!("the order {} got another price, or was canceled, meanwhile", quote(&purchase.order_id));
    Error::new(ErrorCode::CheckoutSuperseded, message).with_hint("read the order again: what this call wanted is over")
}

const INSERT_ORDER: Sql = Sql::both(
    "INSERT INTO paymento_orders (account, order_id, terms, price, state, lease_until, fencing, created_at, updated_at) \
     VALUES ($1, $2, $3, $4, 'open', 0, 0, $5, $5) ON CONFLICT (account, order_id) DO NOTHING",
).planned_once();
const SET_PRICE: Sql = Sql::both(
    "UPDATE paymento_orders SET terms = $2, price = $3, canceled_at = NULL, updated_at = $4, \
     state = CASE WHEN state = 'closed' THEN 'open' ELSE state END WHERE id = $1",
);
