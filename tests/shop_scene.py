"""The example shops with a simulated gateway, for tests: opened once for each file, with what they print kept."""

import sqlite3
import sys
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "examples"))

from stage import customer
from stage.business import COMMANDS, Business
from stage.forgeries import Target
from stage.steps import GATEWAY
from stage.watch import Watch

SOON = 20  # seconds; a payment that was just asked about is asked about again 5 seconds later


class Record:
    """Keeps what the shops printed instead of printing it."""

    def __init__(self):
        self.lines = []

    def step(self, step):
        if step.by != GATEWAY:
            self.lines.append(step.text)

    def line(self, text, style=""):
        self.lines.append(text)

    def text(self):
        return "\n".join(self.lines)


class Scene:
    """A business, seen by a customer of its first shop."""

    def __init__(self, business, watch, record):
        self.business, self.watch, self.record = business, watch, record
        self.shop, self.simulator = business.shops[0], business.simulator

    def target(self, token):
        return Target(self.shop, self.simulator, token)

    def unpaid_order(self):
        return self.target(customer.buy(self.shop).token)

    def order_page(self, target):
        return customer.visit(f"{self.shop.url}/orders/{target.order_id}")

    def state(self, target):
        return self.order_page(target).state

    def pay_again(self, target):
        """Where the button on the order's page leads."""
        return customer.visit(f"{self.shop.url}/orders/{target.order_id}/pay", form={})

    def tokens(self, order_id):
        return [payment.token for payment in self.simulator.payments() if payment.order_id == order_id]

    def wait_for(self, target, start, by=None):
        return self.watch.wait(
            SOON,
            lambda step: step.order_id == target.order_id and step.kind.startswith(start) and by in (None, step.by),
        )

    def fulfilled(self, target):
        return self.watch.count(lambda step: step.order_id == target.order_id and step.text == "fulfilled")

    @contextmanager
    def shop_database(self):
        with closing(sqlite3.connect(self.business.shop_database)) as db, db:
            yield db


def open_scene(request, folder, names):
    business = Business(folder, names=names)
    request.addfinalizer(business.close)
    business.open()
    record = Record()
    watch = Watch(business, record)
    request.addfinalizer(watch.stop)
    assert all(map(watch.wait_until_open, business.shops)), record.text()
    return Scene(business, watch, record)


@pytest.fixture(name="scene", scope="module", params=COMMANDS)
def scene_fixture(request, tmp_path_factory):
    """Each shop alone."""
    return open_scene(request, tmp_path_factory.mktemp("shop"), [request.param])


@pytest.fixture(name="lone_scene", params=COMMANDS)
def lone_scene_fixture(request, tmp_path):
    """Each shop alone, for one test alone, which breaks it."""
    return open_scene(request, tmp_path, [request.param])


@pytest.fixture(name="shared_scene", params=[("Flask", "Express"), ("Express", "Flask")], ids="-".join)
def shared_scene_fixture(request, tmp_path):
    """Both shops on one checkout, for one test alone."""
    return open_scene(request, tmp_path, request.param)
