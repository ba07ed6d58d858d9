"""The pytest fixture `paymento_simulator`, in test runs of its own."""

from __future__ import annotations

import pytest

PAY = """
PRICE = {"fiat_amount": "29.99", "fiat_currency": "USD"}

def create(gateway):
    with gateway.client() as client:
        return client.create_payment(order_id="A-578", return_url="https://shop.example/", **PRICE).token
"""
MISTAKE = """
import urllib.request

def wrong(gateway):
    try:
        urllib.request.urlopen(gateway.base_url + "/v1/payment/refund")
    except OSError:
        pass
"""


@pytest.fixture
def other_run(pytester: pytest.Pytester) -> pytest.Pytester:
    """A folder whose run takes nothing from this one."""
    pytester.makeini("[pytest]\naddopts = -p no:cacheprovider --strict-markers\nfilterwarnings = error")
    return pytester


def run(pytester: pytest.Pytester, test: str, *arguments: str) -> pytest.RunResult:
    # Without the other plugins that are installed here, which take their time.
    pytester._monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    pytester.makepyfile(test)
    return pytester.runpytest_inprocess("-p", "paymento._pytest", *arguments)


def test_every_test_has_a_simulator_of_its_own(other_run: pytest.Pytester) -> None:
    test = """
SEEN = []

def test_one(paymento_simulator):
    create(paymento_simulator)
    SEEN.append(paymento_simulator)

def test_two(paymento_simulator):
    assert SEEN[0].is_stopped
    assert paymento_simulator.payments() == []
    assert paymento_simulator is not SEEN[0]
"""
    run(other_run, PAY + test).assert_outcomes(passed=2)


def test_options_come_from_the_ini_file_and_the_closest_marker(other_run: pytest.Pytester) -> None:
    other_run.makeini("""
[pytest]
addopts = -p no:cacheprovider --strict-markers
paymento_simulator =
    virtual_clock = true
    seed = 7
    payment_window = 20m
    retry_schedule = 1s, 2s
    store_name = 100 % wool
""")
    test = """
import pytest
pytestmark = pytest.mark.paymento_simulator(store_name="The module's", payment_window="10m")
KEYS = []

def test_ini_and_module(paymento_simulator):
    KEYS.append(paymento_simulator.api_key)
    token = create(paymento_simulator)
    assert paymento_simulator.store_name == "The module's"
    assert paymento_simulator.payment(token).window_ends_at == 600

@pytest.mark.paymento_simulator(payment_window="5m")
def test_marker(paymento_simulator):
    token = create(paymento_simulator)
    assert paymento_simulator.payment(token).window_ends_at == 300
    assert paymento_simulator.store_name == "The module's"
    assert paymento_simulator.api_key == KEYS[0]
"""
    run(other_run, PAY + test).assert_outcomes(passed=2)


def test_under_strict_findings_fail_the_test_with_their_fix(other_run: pytest.Pytester) -> None:
    test = """
import pytest

@pytest.mark.paymento_simulator(strict=True)
def test_with_a_mistake(paymento_simulator):
    wrong(paymento_simulator)
    wrong(paymento_simulator)

@pytest.mark.paymento_simulator(strict=True)
def test_without(paymento_simulator):
    create(paymento_simulator)

def test_not_strict(paymento_simulator):
    wrong(paymento_simulator)
    assert paymento_simulator.findings()
"""
    result = run(other_run, PAY + MISTAKE + test)
    result.assert_outcomes(passed=3, errors=1)
    result.stdout.fnmatch_lines([
        "*ERROR at teardown of test_with_a_mistake*",
        "the simulated gateway found mistakes:",
        "*unknown_endpoint at GET /v1/payment/refund (2 times)",
        "*A path was asked for that the gateway does not have.",
        "*Use the endpoints of the gateway's documentation*",
    ])  # fmt: skip


@pytest.mark.parametrize(
    ("ini", "marker", "message"),
    [
        ("strict", "", "*a line reads option = value; got 'strict'*"),
        ("", "@pytest.mark.paymento_simulator(True)", "*the marker paymento_simulator takes options by name only*"),
        ("", "@pytest.mark.paymento_simulator(nonsense=1)", "*nonsense*"),
        ("strict = maybe", "", "*strict must be True or False; got str*"),
        ("seed = many", "", "*seed must be a whole number; got str*"),
    ],
)
def test_a_wrong_option_is_told(other_run: pytest.Pytester, ini: str, marker: str, message: str) -> None:
    other_run.makeini(f"[pytest]\naddopts = -p no:cacheprovider\npaymento_simulator = {ini}")
    result = run(other_run, f"import pytest\n{marker}\ndef test(paymento_simulator):\n    pass\n")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([message])


def test_installing_is_enough_and_the_simulator_is_loaded_when_it_is_used(
    other_run: pytest.Pytester,
) -> None:
    test = """
import sys

def test():
    assert "paymento._pytest" in sys.modules
    assert "paymento.testing" not in sys.modules
    assert "paymento._simulator" not in sys.modules
    assert "paymento._enums" not in sys.modules

def test_with_it(paymento_simulator):
    assert "paymento.testing" in sys.modules
"""
    other_run.makepyfile(test)
    other_run.runpytest_subprocess().assert_outcomes(passed=2)


def test_the_fixture_and_the_marker_are_listed(other_run: pytest.Pytester) -> None:
    run(other_run, "", "--fixtures").stdout.fnmatch_lines(["paymento_simulator -- *", "*Start a simulated gateway*"])
    run(other_run, "", "--markers").stdout.fnmatch_lines(["@pytest.mark.paymento_simulator(*"])
