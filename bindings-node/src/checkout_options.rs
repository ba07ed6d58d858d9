//! [`CheckoutOptions`]: what a checkout is made of.

use std::time::Duration;

use napi_derive::napi;
use paymento::{
    Error, ErrorCode,
    checkout::{AnswerPolicy, CheckoutBuilder, Migrate, Worker},
};

/// What a checkout is made of, besides the client. What is missing has a default.
#[napi(object, object_to_js = false)]
pub struct CheckoutOptions {
    /// Whether the environment says which database, where it is not given here.
    pub from_env: bool,
    /// Where the records are kept.
    pub database: Option<String>,
    /// A direct connection to the same PostgreSQL.
    pub listen_url: Option<String>,
    /// `auto` or `check`.
    pub migrate: Option<String>,
    /// `thread`, `inline` or `external`.
    pub worker: Option<String>,
    /// One store of several.
    pub account: Option<String>,
    /// `standard` or `guide`.
    pub answer_policy: Option<String>,
    /// Whether a simulator is refused.
    pub require_live: Option<bool>,
    /// Verify calls a second.
    pub verifies_per_second: Option<i64>,
    /// How long a handler may run, in milliseconds.
    pub max_handler_time_ms: Option<f64>,
    /// How often a handler may fail.
    pub max_failures: Option<i64>,
    /// How many handlers run at once.
    pub concurrency: Option<i64>,
    /// How long bodies are kept, in milliseconds.
    pub keep_bodies_ms: Option<f64>,
    /// How long decisions are kept, in milliseconds.
    pub keep_decisions_ms: Option<f64>,
    /// The process's name in history and health.
    pub name: Option<String>,
}

impl CheckoutOptions {
    pub(crate) fn build(self, client: paymento::Client) -> Result<paymento::Checkout, Error> {
        let mut builder = paymento::Checkout::builder(client);
        builder = match &self.database {
            Some(url) => builder.database(url),
            None if self.from_env => builder.database_from_env()?,
            None => builder,
        };
        if let Some(url) = &self.listen_url {
            builder = builder.listen_url(url);
        }
        self.numbers(self.choices(builder)?)?.build()
    }

    fn choices(&self, mut builder: CheckoutBuilder) -> Result<CheckoutBuilder, Error> {
        if let Some(text) = &self.migrate {
            builder = builder.migrate(choice("migrate", text, Migrate::parse, Migrate::ALL)?);
        }
        if let Some(text) = &self.worker {
            builder = builder.worker(choice("worker", text, Worker::parse, Worker::ALL)?);
        }
        if let Some(text) = &self.answer_policy {
            builder = builder.answer_policy(choice("answerPolicy", text, AnswerPolicy::parse, AnswerPolicy::ALL)?);
        }
        if let Some(account) = &self.account {
            builder = builder.account(account);
        }
        if let Some(name) = &self.name {
            builder = builder.name(name);
        }
        Ok(builder.require_live(self.require_live.unwrap_or_default()))
    }

    /// The core says what is out of range; what does not fit into its type is, for certain.
    fn numbers(&self, mut builder: CheckoutBuilder) -> Result<CheckoutBuilder, Error> {
        if let Some(calls) = self.verifies_per_second {
            builder = builder.verifies_per_second(u32::try_from(calls).unwrap_or(0));
        }
        if let Some(most) = self.max_failures {
            builder = builder.max_failures(u32::try_from(most).unwrap_or(0));
        }
        if let Some(handlers) = self.concurrency {
            builder = builder.concurrency(usize::try_from(handlers).unwrap_or(0));
        }
        if let Some(longest) = self.max_handler_time_ms {
            builder = builder.max_handler_time(duration("maxHandlerTimeMs", longest)?);
        }
        if let Some(time) = self.keep_bodies_ms {
            builder = builder.keep_bodies(duration("keepBodiesMs", time)?);
        }
        if let Some(time) = self.keep_decisions_ms {
            builder = builder.keep_decisions(duration("keepDecisionsMs", time)?);
        }
        Ok(builder)
    }
}

fn duration(name: &str, milliseconds: f64) -> Result<Duration, Error> {
    Duration::try_from_secs_f64(milliseconds / 1_000.0).map_err(|_| {
        let message = format!("{name} is a number of milliseconds; got {milliseconds}");
        Error::new(ErrorCode::ConfigWorker, message)
    })
}

/// One of a few names.
pub(crate) fn choice<T: ToString>(
    name: &str,
    text: &str,
    parse: impl Fn(&str) -> Option<T>,
    all: &[T],
) -> Result<T, Error> {
    parse(text).ok_or_else(|| {
        let known: Vec<_> = all.iter().map(ToString::to_string).collect();
        Error::new(ErrorCode::InputType, format!("{name} is one of {}", known.join(", ")))
    })
}
