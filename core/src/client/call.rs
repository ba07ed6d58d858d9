//! One call: attempts, time limits, log records. What may be repeated is decided in `retry`.

use std::time::Duration;

use tokio::time::{Instant, timeout};

use super::{
    Client, envelope,
    http::{Reply, Request},
    retry::{Failure, Progress, Repeat, next_wait},
};
use crate::{
    error::{Error, ErrorCode},
    log::{LogLevel, LogRecord},
};

/// What one attempt came to.
enum Attempt {
    /// An answer that no repetition would change, successful or not.
    Answered(Reply),
    Failed(Error, Failure),
}

impl Client {
    /// Sends until there is an answer that no repetition would change, an attempt that may not be repeated, or no time.
    pub(super) async fn call(&self, request: &Request, repeat: Repeat) -> Result<Reply, Error> {
        let deadline = Instant::now() + self.limits.total;
        let (mut attempt, mut maybe_sent) = (1, false);
        loop {
            let canceled = CanceledLog { client: self, request, attempt, started: Instant::now(), armed: true };
            let result = self.attempt(request, deadline).await;
            canceled.replaced_by(&result);
            let (error, failure) = match result {
                Attempt::Answered(reply) => return Ok(reply),
                Attempt::Failed(error, failure) => (error, failure),
            };
            let progress = Progress {
                attempt,
                max_attempts: self.shared.max_attempts,
                remaining: deadline.saturating_duration_since(Instant::now()),
                least: self.limits.attempt / 4,
                jitter: fastrand::f64(),
            };
            // One attempt that may have arrived is enough, whatever became of the later ones.
            maybe_sent |= failure.maybe_sent() || error.maybe_sent();
            let Some(wait) = next_wait(repeat, failure, progress) else {
                return Err(finished(error, maybe_sent, repeat));
            };
            tokio::time::sleep(wait).await;
            attempt += 1;
        }
    }

    /// The error for a caller that gave a call up after it had begun. For bindings: in Rust, whoever drops a call needs
    /// none.
    ///
    /// `creates`: the call was [`create_payment`](Self::create_payment), which is not repeated blindly.
    pub fn canceled_error(creates: bool) -> Error {
        let error = Error::new(ErrorCode::TransportCanceled, ErrorCode::TransportCanceled.meaning());
        let repeat = if creates { Repeat::OnlyUnsent } else { Repeat::Freely };
        finished(error, true, repeat)
    }

    /// The error for a caller that gave a call up before it had begun: nothing was sent. For bindings.
    pub fn canceled_before_start_error() -> Error {
        Error::new(ErrorCode::TransportCanceled, "the caller canceled the call before anything was sent")
    }

    async fn attempt(&self, request: &Request, deadline: Instant) -> Attempt {
        let remaining = deadline.saturating_duration_since(Instant::now());
        let sent =
            timeout(self.limits.attempt.min(remaining), self.shared.http.send(request, self.limits.connect)).await;
        let error = match sent {
            Ok(Ok(reply)) => match envelope::failure(&reply) {
                Some(failure) if failure != Failure::Refused => {
                    let error = envelope::status_error(&reply).unwrap_or_else(|| envelope::rejected(&reply));
                    return Attempt::Failed(error, failure);
                }
                _ => return Attempt::Answered(reply),
            },
            Ok(Err(error)) => error,
            Err(_) => timed_out(),
        };
        let failure = match error.code() {
            code if code.is_retryable() && error.maybe_sent() => Failure::MaybeSent,
            code if code.is_retryable() => Failure::NeverSent,
            _ => Failure::Refused,
        };
        Attempt::Failed(error, failure)
    }

    fn record(&self, request: &Request, attempt: u32, elapsed: Duration, status: Option<u16>, code: Option<ErrorCode>) {
        self.shared.log.push(LogRecord {
            level: if code.is_some() { LogLevel::Warning } else { LogLevel::Debug },
            event: "request",
            method: Some(if request.method == http::Method::GET { "GET" } else { "POST" }),
            path: Some(request.path.clone()),
            status,
            milliseconds: u64::try_from(elapsed.as_millis()).ok(),
            attempt: Some(attempt),
            code: code.map(ErrorCode::as_str),
            detail: None,
        });
    }
}

/// Writes the record of an attempt, also when the caller drops the call in the middle of it.
struct CanceledLog<'a> {
    client: &'a Client,
    request: &'a Request,
    attempt: u32,
    started: Instant,
    armed: bool,
}

impl CanceledLog<'_> {
    fn replaced_by(mut self, result: &Attempt) {
        self.armed = false;
        let (status, code) = match result {
            Attempt::Answered(reply) => (Some(reply.status), envelope::status_error(reply).map(|error| error.code())),
            Attempt::Failed(error, _) => (error.http_status(), Some(error.code())),
        };
        self.client.record(self.request, self.attempt, self.started.elapsed(), status, code);
    }
}

impl Drop for CanceledLog<'_> {
    fn drop(&mut self) {
        if self.armed {
            let code = Some(ErrorCode::TransportCanceled);
            self.client.record(self.request, self.attempt, self.started.elapsed(), None, code);
        }
    }
}

fn timed_out() -> Error {
    Error::new(ErrorCode::TransportTimeout, ErrorCode::TransportTimeout.meaning()).with_maybe_sent(true)
}

/// Says whether repeating the call is safe, which depends on the call.
fn finished(error: Error, maybe_sent: bool, repeat: Repeat) -> Error {
    let retryable = error.is_retryable() && (repeat == Repeat::Freely || !maybe_sent);
    let error = error.with_maybe_sent(maybe_sent).with_retryable(retryable);
    if repeat == Repeat::OnlyUnsent && maybe_sent { error.with_hint(TOKEN_IS_LOST) } else { error }
}

/// For a payment request of which nobody knows whether it was carried out.
pub(super) const TOKEN_IS_LOST: &str =
    "the payment may have been made; its token is lost, so nobody can pay it, and asking again makes another one";
