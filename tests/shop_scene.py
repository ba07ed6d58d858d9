"""An example shop with its simulated gateway, for tests: opened once for each file, with what it prints kept."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "examples"))

from stage import customer
from stage.forgeries import Target
from stage.shops import Shop, express_command, flask_command
from stage.steps import Watch

SOON = 10  # seconds
COMMANDS = {"Flask": flask_command, "Express": express_command}


class Record:
    """Keeps what the shop printed instead of printing it."""

    def __init__(self):
        self.lines = []

    def step(self, step):
        if step.by == "shop":
            self.lines.append(step.text)

    def text(self):
        return "\n".join(self.lines)


class Scene:
    def __init__(self, shop, watch, record, folder):
        self.shop, self.watch, self.record, self.folder = shop, watch, record, folder

    @property
    def simulator(self):
        return self.shop.simulator

    def unpaid_order(self):
        token = customer.order_tea_or_coffee(self.shop).token
        return Target(self.shop, token, self.simulator.payment(token).order_id)

    def order_page(self, target):
        return customer.visit(f"{self.shop.url}/orders/{target.order_id}")

    def state(self, target):
        return self.order_page(target).state

    def wait_for(self, target, start):
        return self.watch.wait(SOON, lambda step: step.order_id == target.order_id and step.text.startswith(start))

    def fulfilled(self, target):
        return self.watch.count(lambda step: step.order_id == target.order_id and step.text == "fulfilled")


def open_scene(request, folder):
    shop = Shop(request.param, "A store", COMMANDS[request.param](), port=0, gateway_port=0)
    request.addfinalizer(shop.close)
    shop.open(folder)
    record = Record()
    watch = Watch([shop], record)
    request.addfinalizer(watch.stop)
    assert watch.wait(SOON, lambda step: step.text.startswith("open at")), record.text()
    return Scene(shop, watch, record, folder)


@pytest.fixture(name="scene", scope="module", params=COMMANDS)
def scene_fixture(request, tmp_path_factory):
    return open_scene(request, tmp_path_factory.mktemp("shop"))


@pytest.fixture(name="lone_scene", params=COMMANDS)
def lone_scene_fixture(request, tmp_path):
    """For one test alone, which breaks it."""
    return open_scene(request, tmp_path)
