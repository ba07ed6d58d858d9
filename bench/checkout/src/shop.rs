//! The checkout that is measured. Its gateway does not exist, unless it is a simulator's URL.

use paymento::{
    Checkout, Client,
    checkout::{CheckoutBuilder, Worker},
};

use crate::{Failure, bodies::SECRET};

/// Nobody listens there: whatever is measured asks no gateway.
pub(crate) const NO_GATEWAY: &str = "http://127.0.0.1:9";

pub(crate) fn builder(url: &str, gateway: &str) -> Result<CheckoutBuilder, Failure> {
    let client = Client::builder("an-api-key-of-the-bench").secret_key(SECRET).base_url(gateway).build()?;
    Ok(Checkout::builder(client).database(url).worker(Worker::External))
}

pub(crate) fn without_gateway(url: &str) -> Result<Checkout, Failure> {
    Ok(builder(url, NO_GATEWAY)?.build()?)
}

/// Makes the tables.
pub(crate) async fn opened(checkout: &Checkout) -> Result<(), Failure> {
    checkout.health().await.map(|_| ()).map_err(Into::into)
}
