//! Callbacks as the gateway sends them, each with a body of its own.

use std::sync::atomic::{AtomicI64, Ordering};

use paymento::{Secret, sign};

pub(crate) const SECRET: &str = "MDEyMzQ1Njc4OUFCQ0RFRjAxMjM0NTY3ODlBQkNERUY=";

pub(crate) struct Signed {
    pub(crate) body: Vec<u8>,
    pub(crate) signature: String,
}

/// As many new callbacks, of the payments from 0 up to `payments` in turns.
pub(crate) fn fresh(count: usize, payments: i64) -> Vec<Signed> {
    of(count, |number| number % payments)
}

/// As many new callbacks, of the payments that `payment` names.
pub(crate) fn of(count: usize, payment: impl Fn(i64) -> i64) -> Vec<Signed> {
    static NEXT: AtomicI64 = AtomicI64::new(0);
    let secret = Secret::new(SECRET).expect("a valid secret");
    let first = NEXT.fetch_add(i64::try_from(count).unwrap_or(i64::MAX), Ordering::Relaxed);
    (first..).take(count).map(|number| signed(number, payment(number - first), &secret)).collect()
}

fn signed(number: i64, payment: i64, secret: &Secret) -> Signed {
    let body = format!(
        concat!(
            r#"{{"Token":"{}","PaymentId":{},"OrderId":"A-{}","OrderStatus":7,"#,
            r#""AdditionalData":[{{"key":"note","value":"{:090}"}}]}}"#
        ),
        token(payment),
        number,
        payment,
        number,
    )
    .into_bytes();
    let signature = sign(&body, secret);
    Signed { body, signature }
}

/// The token of a payment by its number, the same as `fill` writes: neighbors lie far apart in an index.
pub(crate) fn token(payment: i64) -> String {
    format!("{:08x}{payment:024x}", payment * 2_654_435_761 % 4_294_967_296)
}
