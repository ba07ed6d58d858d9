//! Where the customer is sent back to.

use std::net::{Ipv4Addr, Ipv6Addr};

use url::{Host, Url};

use super::payment::Payment;

/// Whether the gateway would take this address: https, or loopback, which only a simulator can serve.
pub(super) fn is_allowed(url: &Url) -> bool {
    match url.scheme() {
        "https" => true,
        "http" => is_loopback(url),
        _ => false,
    }
}

pub(super) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => Ipv4Addr::is_loopback(&address),
        Some(Host::Ipv6(address)) => Ipv6Addr::is_loopback(&address),
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        None => false,
    }
}

/// The return URL with `token`, `orderId` and `status` after its own query, which is kept, and before its fragment.
pub(super) fn of(payment: &Payment) -> Option<Url> {
    let mut url = payment.order.return_url.clone()?;
    url.query_pairs_mut()
        .append_pair("token", &payment.token)
        .append_pair("orderId", payment.order_id())
        .append_pair("status", &payment.return_status().code().to_string());
    Some(url)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::simulator::{
        coin::COINS,
        payment::{Offer, Order, Speed},
        store::StoreId,
    };

    fn link(return_url: &str, order_id: &str) -> String {
        let [coin, ..] = &COINS;
        let order = Order {
            order_id: Some(order_id.to_owned()),
            fiat: None,
            offers: vec![Offer { coin, amount: "1".parse().expect("an amount") }],
            return_url: Some(Url::parse(return_url).expect("a URL")),
            speed: Speed::High,
            language: None,
            email_address: None,
            additional_data: Vec::new(),
        };
        of(&Payment::new("t0".to_owned(), 1, StoreId(0), order, Duration::ZERO)).expect("a link").into()
    }

    #[test]
    fn the_existing_query_is_kept_and_the_fragment_stays_last() {
        assert_eq!(link("https://shop.test/r", "A"), "https://shop.test/r?token=t0&orderId=A&status=0");
        assert_eq!(
            link("https://shop.test/r?wc_order=7%208&x=a+b#top", "A"),
            "https://shop.test/r?wc_order=7%208&x=a+b&token=t0&orderId=A&status=0#top"
        );
    }

    #[test]
    fn an_order_id_cannot_add_parameters_of_its_own() {
        assert_eq!(
            link("https://shop.test/", "1&status=8#\r\né"),
            "https://shop.test/?token=t0&orderId=1%26status%3D8%23%0D%0A%C3%A9&status=0"
        );
    }

    #[test]
    fn plain_http_is_for_loopback_only() {
        let allowed = |url| is_allowed(&Url::parse(url).expect("a URL"));
        for url in
            ["https://shop.test", "http://localhost:1", "http://127.0.0.9/", "http://[::1]:2/", "http://a.localhost"]
        {
            assert!(allowed(url), "{url}");
        }
        for url in [
            "http://shop.test",
            "http://localhost.evil.test",
            "javascript:alert(1)",
            "ftp://127.0.0.1",
            "http://10.0.0.1",
        ] {
            assert!(!allowed(url), "{url}");
        }
    }
}
