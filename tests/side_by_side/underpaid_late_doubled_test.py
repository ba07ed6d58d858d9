"""The same test as underpaid_late_doubled.rs and underpaid_late_doubled.test.mjs."""

from paymento import OrderStatus
from paymento.testing import Simulator
from shop import Shop


def test_an_order_that_is_underpaid_and_then_paid_late_and_announced_twice_ships_once() -> None:
    with Simulator.start(virtual_clock=True) as simulator:
        shop = Shop(simulator.client())
        simulator.set_callback_url(shop.callback_url)
        payment = simulator.client().create_payment(order_id="A-578", fiat_amount="29.99", fiat_currency="USD")
        shop.expects(payment)

        # The customer sends half of it.
        simulator.underpay(payment.token)
        deliveries = simulator.deliveries(payment.token, count=1)
        assert deliveries[0].status == OrderStatus.PARTIAL_PAID
        assert shop.shipped == []

        # The rest comes; what the gateway says of it is a minute late, and said twice.
        simulator.arm("callback.delay", times=2)
        simulator.arm("callback.duplicate", times=2)
        simulator.pay(payment.token)
        assert simulator.payment(payment.token).status == OrderStatus.PAID
        assert shop.shipped == []

        simulator.advance("2m")
        deliveries = simulator.deliveries(payment.token, count=5)
        assert all(delivery.is_delivered for delivery in deliveries)
        assert shop.shipped == ["A-578"]
        simulator.check_findings()
        shop.close()
