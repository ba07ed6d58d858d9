//! What the control API shows, as JSON: amounts as text, times in milliseconds of the simulator's clock since its start.

use std::time::Duration;

use serde_json::{Value, json};

use crate::{
    amount::Amount,
    simulator::{ArmedFault, Attempt, Delivery, Fault, Finding, PaymentSnapshot, Transaction, shared::Shared},
};

/// So many deliveries are shown where none is asked for by token.
pub(super) const MOST_DELIVERIES: usize = 200;

pub(super) fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

fn text(amount: Option<&Amount>) -> Option<String> {
    amount.map(Amount::to_string)
}

pub(super) fn payment(payment: &PaymentSnapshot) -> Value {
    let additional: Vec<_> =
        payment.additional_data.iter().map(|(key, value)| json!({ "key": key, "value": value })).collect();
    json!({
        "token": payment.token,
        "paymentId": payment.payment_id,
        "store": payment.store_name,
        "orderId": payment.order_id,
        "status": payment.status.code(),
        "statusName": payment.status.name(),
        "fiatAmount": text(payment.fiat_amount.as_ref()),
        "fiatCurrency": payment.fiat_currency,
        "coin": payment.coin,
        "network": payment.network,
        "address": payment.address,
        "cryptoAmount": text(payment.crypto_amount.as_ref()),
        "receivedAmount": payment.received_amount.to_string(),
        "owedAmount": text(payment.owed_amount.as_ref()),
        "transactions": payment.transactions.iter().map(transaction).collect::<Vec<_>>(),
        "confirmations": payment.confirmations,
        "requiredConfirmations": payment.required_confirmations,
        "createdAtMs": millis(payment.created_at),
        "windowEndsAtMs": millis(payment.window_ends_at),
        "returnUrl": payment.return_url,
        "riskSpeed": payment.risk_speed,
        "language": payment.language,
        "emailAddress": payment.email_address,
        "additionalData": additional,
        "url": payment.url,
    })
}

fn transaction(transaction: &Transaction) -> Value {
    json!({
        "hash": transaction.hash,
        "amount": transaction.amount.to_string(),
        "state": transaction.state.as_str(),
        "confirmations": transaction.confirmations,
        "receivedAtMs": millis(transaction.received_at),
    })
}

pub(super) fn delivery(delivery: &Delivery) -> Value {
    let headers: Vec<_> = delivery.headers.iter().map(|(name, value)| json!([name, value])).collect();
    json!({
        "id": delivery.id,
        "store": delivery.store_name,
        "token": delivery.token,
        "paymentId": delivery.payment_id,
        "orderId": delivery.order_id,
        "status": delivery.status.map(crate::status::OrderStatus::code),
        "queuedAtMs": millis(delivery.queued_at),
        "method": delivery.method.as_str(),
        "url": delivery.url,
        "headers": headers,
        "body": String::from_utf8_lossy(&delivery.body),
        "authentic": delivery.is_authentic,
        "faults": delivery.faults.iter().map(|fault| fault.as_str()).collect::<Vec<_>>(),
        "attempts": delivery.attempts.iter().map(attempt).collect::<Vec<_>>(),
        "finished": delivery.finished,
        "delivered": delivery.is_delivered(),
    })
}

fn attempt(attempt: &Attempt) -> Value {
    json!({
        "offsetMs": millis(attempt.offset),
        "tookMs": millis(attempt.took),
        "answerStatus": attempt.answer_status(),
        "answerBody": attempt.answer_body,
        "failure": attempt.failure(),
    })
}

pub(super) fn finding(finding: &Finding) -> Value {
    json!({
        "kind": finding.kind.as_str(),
        "problem": finding.kind.problem(),
        "fix": finding.kind.fix(),
        "subject": finding.subject,
        "token": finding.token,
        "count": finding.count,
        "atMs": millis(finding.at),
    })
}

pub(super) fn fault(fault: Fault) -> Value {
    json!({ "name": fault.as_str(), "about": fault.about() })
}

/// `times` is null for a fault that strikes until it is cleared, and `token` for one that is not about one payment.
pub(super) fn armed(shared: &Shared) -> Vec<Value> {
    let view = |ArmedFault { fault, times, token }: &ArmedFault| json!({ "fault": fault.as_str(), "times": times, "token": token });
    shared.read(|ledger| ledger.faults.armed().iter().map(view).collect())
}
