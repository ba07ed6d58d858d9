"""`import paymento` costs next to nothing: heavy modules come when they are needed."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = ("asyncio", "collections", "decimal", "enum", "json", "logging", "re", "socket", "threading", "typing")


def loaded(code: str) -> set[str]:
    """The modules that a fresh interpreter has loaded after this code."""
    code += "; import sys; print(*sys.modules)"
    # -S: site-packages may load modules of their own.
    path = f"import sys; sys.path[:0] = {[entry for entry in sys.path if entry]!r}; "
    done = subprocess.run([sys.executable, "-S", "-c", path + code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


@pytest.mark.parametrize("module", HEAVY)
def test_importing_loads_no_heavy_module(module: str) -> None:
    assert module not in loaded("import paymento") - loaded("pass")


def test_checking_a_callback_loads_no_heavy_module() -> None:
    code = "import paymento; paymento.authenticate(b'{}', paymento.sign(b'{}', 'k'), 'k').token"
    assert not {*HEAVY} & (loaded(code) - loaded("pass"))


def test_every_public_name_is_there() -> None:
    import paymento

    for name in paymento.__all__:
        assert getattr(paymento, name) is not None
        assert name in dir(paymento)
    with pytest.raises(AttributeError, match="nothing"):
        _ = paymento.nothing
