//! The same test as `underpaid_late_doubled_test.py` and `underpaid_late_doubled.test.mjs`.

mod shop;

use std::time::Duration;

use paymento::{
    Amount, Client, OrderStatus, PaymentRequest,
    simulator::{CallbackMethod, Delivery, Fault, Simulator, parse_duration},
};
use shop::Shop;

const WAIT: Duration = Duration::from_secs(10);

#[tokio::test]
async fn an_order_that_is_underpaid_and_then_paid_late_and_announced_twice_ships_once() {
    let simulator = Simulator::builder().virtual_clock(true).start().unwrap();
    let shop = Shop::open(client(&simulator)).await;
    simulator.set_callback_url(&shop.callback_url, CallbackMethod::Post).unwrap();
    let price = Amount::parse("29.99").unwrap();
    let payment =
        client(&simulator).create_payment(PaymentRequest::fiat(price, "USD").order_id("A-578")).await.unwrap();
    shop.expects(&payment);

    // The customer sends half of it.
    simulator.underpay(payment.token()).unwrap();
    let deliveries = simulator.delivered(payment.token(), 1, WAIT).await.unwrap();
    assert_eq!(deliveries[0].status, Some(OrderStatus::PartialPaid));
    assert_eq!(shop.shipped(), [""; 0]);

    // The rest comes; what the gateway says of it is a minute late, and said twice.
    simulator.arm(Fault::CallbackDelay, Some(2), None);
    simulator.arm(Fault::CallbackDuplicate, Some(2), None);
    simulator.pay(payment.token()).unwrap();
    assert_eq!(simulator.payment(payment.token()).unwrap().status, OrderStatus::Paid);
    assert_eq!(shop.shipped(), [""; 0]);

    simulator.advanced(parse_duration("2m").unwrap()).await.unwrap();
    let deliveries = simulator.delivered(payment.token(), 5, WAIT).await.unwrap();
    assert!(deliveries.iter().all(Delivery::is_delivered));
    assert_eq!(shop.shipped(), ["A-578"]);
    simulator.check_findings().unwrap();
}

fn client(simulator: &Simulator) -> Client {
    Client::builder(simulator.api_key())
        .secret_key(simulator.secret_key())
        .base_url(simulator.base_url())
        .gateway_url(simulator.gateway_url())
        .build()
        .unwrap()
}
