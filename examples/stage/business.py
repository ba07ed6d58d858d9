"""The business on the stage: one store at the gateway, and the shops that take its payments together.

They share what a shop's processes share in earnest: an address that the world knows, the checkout's database, and the
shop's own.
"""

from pathlib import Path
from urllib.parse import quote

from paymento import PaymentoError
from paymento.testing import Simulator

from stage.door import FrontDoor
from stage.shops import Shop, StageError, claim, express_command, flask_command

COMMANDS = {"Flask": flask_command, "Express": express_command}
STORE_NAME = "Leaf and Bean"


class Business:
    def __init__(self, folder, ports=(0, 0, 0, 0), names=tuple(COMMANDS)):
        """`ports`: the simulator's, those of the shops, and the front door's; 0 is any free one."""
        gateway, *shops, door = ports
        self.folder = Path(folder)
        self.shops = [Shop(name, COMMANDS[name](), port) for name, port in zip(names, shops, strict=False)]
        door = claim(door, "the front door")
        self.simulator = start_simulator(gateway)
        self.door = FrontDoor(door, self.shops)

    @property
    def shop_database(self):
        return self.folder / "shop.db"

    @property
    def checkout_database(self):
        return f"sqlite://{quote(str(self.folder / 'checkout.db'))}"

    def open(self):
        for shop in self.shops:
            shop.open(
                {
                    "PAYMENTO_API_KEY": self.simulator.api_key,
                    "PAYMENTO_SECRET_KEY": self.simulator.secret_key,
                    "PAYMENTO_BASE_URL": self.simulator.base_url,
                    "PAYMENTO_DATABASE_URL": self.checkout_database,
                    "DATABASE": str(self.shop_database),
                    "PUBLIC_URL": self.door.url,
                }
            )

    def close(self):
        self.door.close()
        for shop in self.shops:
            shop.close()
        self.simulator.stop()


def start_simulator(port):
    claim(port, "the simulator")
    try:
        return Simulator.start(store_name=STORE_NAME, port=port)
    except PaymentoError as error:
        raise StageError(f"the simulator does not start: {error}") from None
