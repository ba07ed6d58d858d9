//! The callback route: authenticate, record, commit, and only then 200.

use std::{
    fmt,
    time::{Duration, Instant},
};

use http::Method;

use super::{
    Checkout, Worker,
    clock::Millis,
    database::{Arrival, ArrivalKind, Sql, Transaction, values},
    orders,
    verify::{LEAST_GAP, SAME_ASK},
};
use crate::{
    callback::{Callback, MAX_CALLBACK_BYTES},
    error::{Error, ErrorCode},
    headers::Headers,
    log::{LogLevel, LogRecord},
    signature,
    status::{Meaning, OrderStatus},
    text::clean,
};

/// The gateway is answered within 4 seconds, come what may.
const PATIENCE: Duration = Duration::from_millis(3_900);

super::state::states! {
    /// What callbacks are answered with.
    AnswerPolicy {
        /// 401, 405 and 413 for what is not taken. The default.
        Standard = "standard",
        /// 200 for these as well, as the gateway's guide wants it on every path. A database that is down stays 503: the
        /// gateway's next attempt is then the only copy there is.
        Guide = "guide",
    }
}

#[expect(clippy::derivable_impls, reason = "the macro makes the type")]
impl Default for AnswerPolicy {
    fn default() -> Self {
        Self::Standard
    }
}

/// The answer to a callback, to be sent as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Answer {
    /// The HTTP status: 200, 401, 405, 413 or 503.
    pub status: u16,
    /// The headers.
    pub headers: Vec<(&'static str, &'static str)>,
    /// A short text that says nothing secret.
    pub body: &'static str,
    /// The payment's token, once the callback is recorded.
    pub token: Option<String>,
    /// The order to hand over now, before this is sent: with [`Worker::Inline`], where the token is known. Handlers in Rust
    /// have run already; a binding claims this order's work, and runs its own.
    pub hand_over: Option<String>,
    /// Why it was not taken, where it was not.
    pub code: Option<ErrorCode>,
}

impl Answer {
    fn new(status: u16, body: &'static str) -> Self {
        Self {
            status,
            headers: vec![("content-type", "text/plain; charset=utf-8")],
            body,
            token: None,
            hand_over: None,
            code: None,
        }
    }

    pub(super) fn taken(token: Option<String>, hand_over: Option<String>) -> Self {
        Self { token, hand_over, ..Self::new(200, "ok") }
    }

    pub(super) fn refusing(error: &Error, policy: AnswerPolicy) -> Self {
        let mut answer = match error.code() {
            ErrorCode::InputMethod => Self::new(405, "method not allowed"),
            ErrorCode::InputBodyTooLarge => Self::new(413, "too large"),
            // Whatever is wrong with a signature, the answer is the same.
            code if code.kind() == crate::ErrorKind::Signature => Self::new(401, "unauthorized"),
            _ => Self::new(503, "try again later"),
        };
        if answer.status == 405 {
            answer.headers.push(("allow", "POST, PUT"));
        }
        if answer.status == 503 {
            answer.headers.push(("retry-after", "10"));
        } else if policy == AnswerPolicy::Guide {
            answer.status = 200;
        }
        answer.code = Some(error.code());
        answer
    }
}

impl Checkout {
    /// Takes a callback. Send what it gives, as it is.
    ///
    /// 200: authentic, recorded, and synced to disk. 401: the signature is wrong or missing. 405: neither POST nor PUT.
    /// 413: over 64 KiB. 503: it could not be recorded within 4 seconds; the gateway sends it again.
    ///
    /// Nothing is written before the signature is right. What the callback says is never believed: it makes a verify call
    /// due, at most one in 5 seconds for each payment.
    pub async fn receive<'a>(&self, method: &Method, headers: impl Into<Headers<'a>>, body: &[u8]) -> Answer {
        let arrival = match self.admit(method, headers.into(), body) {
            Ok(arrival) => arrival,
            Err(error) => return self.refuse(&error),
        };
        let token = arrival.token.clone();
        match self.keep(arrival).await {
            Ok(hand_over) => Answer::taken(token, hand_over),
            Err(error) => self.refuse(&error),
        }
    }

    /// The answer to a callback that is not taken because of this error, which is logged. For bindings, which may have
    /// something of their own that keeps them from it.
    pub fn refuse(&self, error: &Error) -> Answer {
        let answer = Answer::refusing(error, self.answer_policy());
        let record = if answer.status == 503 {
            let detail = format!("a callback could not be recorded: {error}");
            LogRecord::checkout(LogLevel::Error, Some(error.code().as_str()), detail)
        } else {
            LogRecord::refused_callback(error)
        };
        self.client().log(record);
        answer
    }

    /// Authenticates, and reads what is to be kept. Touches nothing.
    fn admit(&self, method: &Method, headers: Headers<'_>, body: &[u8]) -> Result<Arrival, Error> {
        if !matches!(*method, Method::POST | Method::PUT) {
            return Err(Error::new(ErrorCode::InputMethod, "a callback comes with POST or PUT"));
        }
        if body.len() > MAX_CALLBACK_BYTES {
            return Err(Error::new(ErrorCode::InputBodyTooLarge, "the callback body is over 64 KiB"));
        }
        match self.client().authenticate_unlogged(body, headers) {
            Ok(callback) => Ok(decoded(self.account(), body, &callback)),
            Err(error) if error.code() == ErrorCode::DecodeCallback => {
                let detail = "an authentic callback cannot be read; its body is kept".to_owned();
                self.client().log(LogRecord::checkout(LogLevel::Warning, Some(error.code().as_str()), detail));
                Ok(arrival(self.account(), body, ArrivalKind::Undecodable))
            }
            Err(error) => Err(error),
        }
    }

    /// Returns when it is committed. With [`Worker::Inline`], gives the order that there may be something to hand over of.
    async fn keep(&self, arrival: Arrival) -> Result<Option<String>, Error> {
        let begun = Instant::now();
        let (token, digest) = (arrival.token.clone(), hex::encode(arrival.digest));
        self.with_writer_for(PATIENCE, async move |writer| writer.store(arrival).await).await?;
        super::fail_point("after_commit");
        // It is recorded: whatever fails from here on, the gateway's answer is 200.
        let _ = self.start_background();
        match token {
            Some(token) if self.worker() == Worker::Inline => Ok(self.work_inline(&token, digest, begun).await),
            _ => Ok(None),
        }
    }

    /// Verifies, and runs the handlers that are written in Rust, within the time that there is. A handler that takes longer
    /// goes on where the host lets it; otherwise its lease ends, and it runs again.
    async fn work_inline(&self, token: &str, digest: String, begun: Instant) -> Option<String> {
        let left = || PATIENCE.saturating_sub(begun.elapsed());
        let order_id = self.within(left(), self.verify_token(token, digest)).await.ok().flatten()?;
        let (checkout, order) = (self.clone(), order_id.clone());
        let handled = self.engine().ok()?.run_beside(async move { checkout.hand_over(&order).await });
        let _ = self.within(left(), handled).await;
        Some(order_id)
    }

    /// Asks the gateway about this payment now, unless that was done within 5 seconds and the callback is a repetition: what
    /// has not been said before may be the payment, and nobody comes back for it later. Gives the order.
    async fn verify_token(&self, token: &str, digest: String) -> Result<Option<String>, Error> {
        let (verifier, account, token) = (self.verifier_parts(), self.account().to_owned(), token.to_owned());
        self.with_database(async move |database| {
            let verifier = verifier.over(database);
            let mut reading = verifier.database.begin_read().await?;
            let Some(payment) = orders::payment(&mut reading, &account, &token).await? else { return Ok(None) };
            let order_id = super::status::order_id(&mut reading, payment.order_row).await?;
            let gap = gap(&mut reading, &account, &digest).await?;
            drop(reading);
            if let Some(due) = verifier.claim_one(payment.id, gap).await? {
                verifier.ask_and_log(&due).await;
            }
            Ok(Some(order_id))
        })
        .await
    }
}

/// The least time since the gateway was last asked. What came twice within seconds may be the payment all the same, and
/// neither of the two the first to be looked at; a replay of something older is no amplifier.
async fn gap(reading: &mut Transaction, account: &str, digest: &str) -> Result<Millis, Error> {
    let Some(row) = reading.row(KEPT, values![account, digest]).await? else { return Ok(LEAST_GAP) };
    let is_fresh = row.int("received_at")? > reading.now() - LEAST_GAP;
    Ok(match row.int("count")? {
        1 => 0,
        _ if is_fresh => SAME_ASK,
        _ => LEAST_GAP,
    })
}

const KEPT: Sql = Sql::each(
    "SELECT count, received_at FROM paymento_callbacks WHERE account = $1 AND digest = unhex($2)",
    "SELECT count, received_at FROM paymento_callbacks WHERE account = $1 AND digest = decode($2, 'hex')",
);

fn arrival(account: &str, body: &[u8], kind: ArrivalKind) -> Arrival {
    Arrival {
        account: account.to_owned(),
        digest: signature::digest(body),
        body: body.into(),
        kind,
        token: None,
        status: None,
        says_paid: false,
        odd_status: None,
        takes_back: false,
        count: 1,
    }
}

fn decoded(account: &str, body: &[u8], callback: &Callback) -> Arrival {
    let Some(token) = callback.token() else { return arrival(account, body, ArrivalKind::Probe) };
    let status = callback.status_text().map(|text| clean(text, 40));
    let meaning = callback.meaning();
    let is_odd = meaning == Meaning::Unknown && status.is_some();
    Arrival {
        token: Some(token.to_owned()),
        says_paid: callback.status().is_some_and(OrderStatus::says_paid),
        odd_status: status.clone().filter(|_| is_odd),
        takes_back: matches!(meaning, Meaning::Closed | Meaning::Unknown) && status.is_some(),
        status,
        ..arrival(account, body, ArrivalKind::Callback)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(code: ErrorCode, policy: AnswerPolicy) -> Answer {
        Answer::refusing(&Error::new(code, "why"), policy)
    }

    #[test]
    fn each_refusal_has_its_status() {
        for (code, standard, guide) in [
            (ErrorCode::InputMethod, 405, 200),
            (ErrorCode::InputBodyTooLarge, 413, 200),
            (ErrorCode::SignatureMissing, 401, 200),
            (ErrorCode::SignatureMismatch, 401, 200),
            (ErrorCode::DatabaseUnavailable, 503, 503),
            (ErrorCode::DatabaseFull, 503, 503),
            (ErrorCode::ConfigSecret, 503, 503),
        ] {
            assert_eq!(answered(code, AnswerPolicy::Standard).status, standard, "{code}");
            assert_eq!(answered(code, AnswerPolicy::Guide).status, guide, "{code}");
        }
        assert!(answered(ErrorCode::InputMethod, AnswerPolicy::Standard).headers.contains(&("allow", "POST, PUT")));
    }

    #[test]
    fn every_wrong_signature_gets_the_same_answer() {
        let bodies = [
            ErrorCode::SignatureMissing,
            ErrorCode::SignatureMalformed,
            ErrorCode::SignatureConflicting,
            ErrorCode::SignatureMismatch,
        ]
        .map(|code| answered(code, AnswerPolicy::Standard).body);
        assert!(bodies.iter().all(|body| *body == bodies[0]));
    }
}
