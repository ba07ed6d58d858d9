//! [`Payment`]: what the gateway made of a request.

use crate::{price::Price, token::Token};

/// A payment that the gateway has made. Send the customer to [`url`](Self::url), and keep the token beside the order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payment {
    token: String,
    url: String,
    order_id: String,
    price: Price,
    live: Option<bool>,
}

impl Payment {
    pub(crate) fn new(token: &Token, gateway_url: &str, order_id: String, price: Price, live: Option<bool>) -> Self {
        let token = token.as_str().to_owned();
        Self { url: format!("{gateway_url}?token={token}"), token, order_id, price, live }
    }

    /// The payment's name at the gateway. The key under which to keep it.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// The hosted page, where the customer pays.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The shop's order id.
    pub fn order_id(&self) -> &str {
        &self.order_id
    }

    /// What was asked for.
    pub fn price(&self) -> &Price {
        &self.price
    }

    /// `Some(false)` when a simulator on loopback made it; `None` while it is not known whether the coins are worth
    /// anything: test networks are served by the same gateway.
    pub fn live(&self) -> Option<bool> {
        self.live
    }
}
