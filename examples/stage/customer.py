"""A customer who needs no browser: follows links, fills in forms, and is sent from shop to gateway and back."""

import http.client
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import parse_qs, urlencode, urljoin, urlsplit

TIMEOUT = 5  # seconds, for anything on this machine


@dataclass
class Form:
    action: str
    method: str
    fields: dict
    buttons: list = field(default_factory=list)  # attributes of each


@dataclass
class Page:
    status: int
    url: str
    text: str

    @property
    def state(self):
        """What an order's page says of the order: `fulfilled` and so on."""
        _, found, rest = self.text.partition('data-state="')
        return rest.partition('"')[0] if found else None

    @property
    def token(self):
        """On the gateway's page."""
        return parse_qs(urlsplit(self.url).query)["token"][0]

    @property
    def order_id(self):
        """On the order's page."""
        return urlsplit(self.url).path.rpartition("/")[2]

    def forms(self):
        parser = FormParser()
        parser.feed(self.text)
        return parser.forms


class FormParser(HTMLParser):
    def __init__(self):
        super().__init__()
        self.forms = []

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        if tag == "form":
            self.forms.append(Form(attributes.get("action", ""), attributes.get("method", "get"), {}))
        elif self.forms and tag == "input":
            self.forms[-1].fields[attributes.get("name")] = attributes.get("value", "")
        elif self.forms and tag == "button":
            self.forms[-1].buttons.append(attributes)


def send(method, url, body=None, headers=None):
    """One exchange; gives the status, the headers and the text. Straight to this machine, past any proxy."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=TIMEOUT)
    try:
        connection.request(method, parts.path + (f"?{parts.query}" if parts.query else ""), body, headers or {})
        response = connection.getresponse()
        return response.status, response.headers, response.read().decode("utf-8", "replace")
    finally:
        connection.close()


def visit(url, form=None):
    """Goes there and where it leads; `form` is posted first."""
    body = urlencode(form) if form is not None else None
    headers = {"Content-Type": "application/x-www-form-urlencoded"} if body is not None else {}
    method = "GET" if body is None else "POST"
    for _ in range(10):
        status, answer, text = send(method, url, body, headers)
        if status not in (302, 303):
            return Page(status, url, text)
        url, method, body, headers = urljoin(url, answer["Location"]), "GET", None, {}
    raise RuntimeError("too many redirects")


def press(page, **wanted):
    """Presses the first button with these attributes, and goes where that leads."""
    for form in page.forms():
        for button in form.buttons:
            if wanted.items() <= button.items():
                own = {button["name"]: button.get("value", "")} if "name" in button else {}
                return visit(urljoin(page.url, form.action), form.fields | own)
    raise RuntimeError(f"no button {wanted} on the page that answered {page.status}")


def buy(shop):
    """Buys what the shop sells, and stands before the gateway's page."""
    return press(visit(shop.url), id="buy")


def pay(page):
    """Chooses the first coin, pays, and comes back to the shop."""
    return press(press(page, name="coin"), id="pay")
