"""The pytest fixture `paymento_simulator`: a simulated gateway for each test that asks for one.

pytest loads this in every run, so it imports the simulator only when a test wants it.
"""

from __future__ import annotations

import pytest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from .testing import Finding, Simulator

NAME = "paymento_simulator"
FLAGS = frozenset({"any_host", "manual_confirmation", "strict", "virtual_clock"})
NUMBERS = frozenset({"business_error_status", "port", "required_confirmations", "seed"})


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the ini option: a line for each option of the simulator."""
    about = "options of the fixture paymento_simulator, one a line: strict = true, payment_window = 20m"
    parser.addini(NAME, about, type="linelist", default=[])


def pytest_configure(config: pytest.Config) -> None:
    """Add the marker."""
    about = "options of the fixture paymento_simulator, as paymento.testing.Simulator.start takes them"
    config.addinivalue_line("markers", f"{NAME}(**options): {about}")


@pytest.fixture
def paymento_simulator(request: pytest.FixtureRequest) -> Iterator[Simulator]:
    """Start a simulated gateway for this test, and stop it afterwards.

    Its options come from the ini option `paymento_simulator` and from the marker, which goes before:
    `@pytest.mark.paymento_simulator(strict=True, virtual_clock=True)`. With `strict`, what the simulator found wrong
    with the shop fails the test, with how to mend it.
    """
    from .testing import Simulator

    options = {**of_ini(request.config.getini(NAME)), **of_markers(request.node)}
    with Simulator.start(**options) as simulator:
        yield simulator
        findings = simulator.findings()
    if options.get("strict") and findings:
        pytest.fail(report(findings), pytrace=False)


def of_ini(lines: list[str]) -> dict[str, Any]:
    """Read the lines of the ini option."""
    options: dict[str, Any] = {}
    for line in lines:
        name, equals, text = (part.strip() for part in line.partition("="))
        if not equals:
            raise pytest.UsageError(f"{NAME}: a line reads option = value; got {line!r}")
        options[name] = value(name, text)
    return options


def value(name: str, text: str) -> object:
    """Read one value; the simulator itself reads durations and names."""
    if name in FLAGS and text.lower() in {"true", "false"}:
        return text.lower() == "true"
    if name in NUMBERS and text.isdecimal():
        return int(text)
    if name == "retry_schedule":
        return [wait.strip() for wait in text.split(",") if wait.strip()]
    return text


def of_markers(node: pytest.Item) -> dict[str, Any]:
    """Merge the markers of the module, the class and the test; the closest wins."""
    options: dict[str, Any] = {}
    for marker in reversed(list(node.iter_markers(NAME))):
        if marker.args:
            raise pytest.UsageError(f"the marker {NAME} takes options by name only")
        options.update(marker.kwargs)
    return options


def report(findings: list[Finding]) -> str:
    """Say what is wrong and how to mend it."""
    lines = ["the simulated gateway found mistakes:"]
    for finding in findings:
        times = "" if finding.count == 1 else f" ({finding.count} times)"
        lines += [f"  {finding.kind} at {finding.subject}{times}", f"    {finding.problem}", f"    {finding.fix}"]
    return "\n".join(lines)
