//! `paymento trigger`: one signed callback to a URL, and what the shop answers.

use std::{io::Write, time::Duration};

use super::{DONE, FAILED, arguments::TriggerArguments, printable, usage::Usage};
use crate::simulator::{AttemptOutcome, Delivery, Simulator, StoreOptions, Trigger};

/// Longer than the simulator's own limit for one attempt.
const PATIENCE: Duration = Duration::from_secs(30);
/// More of an answer does not help.
const LONGEST_BODY: usize = 500;
const SECRET_VARIABLE: &str = "PAYMENTO_SECRET_KEY";

/// A callback, and the simulator that sends it.
pub(super) struct Prepared {
    simulator: Simulator,
    trigger: Trigger,
}

/// Everything that the command line can get wrong.
pub(super) fn prepare(asked: TriggerArguments) -> Result<Prepared, Usage> {
    let secret_key = match asked.secret_key.or_else(|| std::env::var(SECRET_VARIABLE).ok()) {
        Some(key) if !key.is_empty() => key,
        _ => {
            return Err(Usage::new(format!(
                "trigger needs the key to sign with: --secret, or {SECRET_VARIABLE} in the environment"
            )));
        }
    };
    let store =
        StoreOptions::new("trigger").secret_key(secret_key).callback_url(asked.url).callback_method(asked.method);
    let simulator = Simulator::builder().stores([store]).start()?;
    let mut trigger = Trigger::new(asked.status);
    if let Some(token) = asked.token {
        trigger = trigger.token(token);
    }
    if let Some(order_id) = asked.order_id {
        trigger = trigger.order_id(order_id);
    }
    trigger = asked.faults.into_iter().fold(trigger, Trigger::fault);
    Ok(Prepared { simulator, trigger })
}

pub(super) fn run(Prepared { simulator, trigger }: &Prepared, output: &mut dyn Write) -> Result<u8, Usage> {
    let delivery = simulator.wait_for_delivery(simulator.trigger(trigger)?, PATIENCE)?;
    // With nowhere to write to, the exit code says it.
    let _ = report(&delivery, output);
    Ok(if delivery.is_delivered() { DONE } else { FAILED })
}

fn report(delivery: &Delivery, output: &mut dyn Write) -> std::io::Result<()> {
    writeln!(output, "{} {}", delivery.method.as_str(), printable(&delivery.url))?;
    writeln!(output, "  {}", printable(&String::from_utf8_lossy(&delivery.body)))?;
    for attempt in &delivery.attempts {
        match &attempt.outcome {
            AttemptOutcome::Answered(status) => {
                writeln!(output, "answered {status} after {} ms", attempt.took.as_millis())?;
            }
            AttemptOutcome::Failed(reason) => writeln!(output, "no answer: {}", printable(reason))?,
        }
        if !attempt.answer_body.is_empty() {
            let body: String = attempt.answer_body.split_whitespace().collect::<Vec<_>>().join(" ");
            writeln!(output, "  {}", printable(&body.chars().take(LONGEST_BODY).collect::<String>()))?;
        }
    }
    output.flush()
}
