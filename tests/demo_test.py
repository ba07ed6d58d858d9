"""The demo begins, ends and fails the way it says."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

DEMO = Path(__file__).resolve().parent.parent / "examples" / "demo.py"
LIMIT = 30  # seconds


class Demo:
    """The running demo, and every line so far."""

    def __init__(self, *arguments, **environment):
        self.lines = []
        self.process = subprocess.Popen(
            [sys.executable, str(DEMO), *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=os.environ | environment,
        )

    def read_until(self, text):
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))
            if text in line:
                return line
        raise AssertionError("\n".join(self.lines))

    def end(self, number=None):
        """Its exit code and everything it printed."""
        if number is not None:
            self.process.send_signal(number)
        rest, _ = self.process.communicate(timeout=LIMIT)
        return self.process.returncode, "\n".join([*self.lines, rest])

    def pid_of(self, shop):
        """What the introduction says of it."""
        line = next(line for line in self.lines if f"{shop} shop " in line)
        return int(re.search(r"pid (\d+)", line)[1])

    def addresses(self):
        return re.findall(r"http://127\.0\.0\.1:(\d+)", "\n".join(self.lines))


@pytest.fixture
def demo(request):
    def start(*arguments, **environment):
        running = Demo(*arguments, **environment)
        request.addfinalizer(running.process.kill)
        return running

    return start


def is_free(port):
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        return probe.connect_ex(("127.0.0.1", int(port))) != 0


def children_of(pid):
    listed = subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    return [int(child) for child, parent in map(str.split, listed.splitlines()) if int(parent) == pid]


def exists(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_the_check_pays_in_both_shops_kills_each_and_exits_0(demo):
    code, text = demo("--check", "--free-ports").end()
    assert code == 0, text
    assert "what was paid was fulfilled, once, and nothing else, through a kill of each shop" in text
    assert all(f"{shop} is started again" in text for shop in ("Flask", "Express"))
    assert "\x1b" not in text and "Traceback" not in text


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_it_all_at_once_and_quietly(demo, number):
    running = demo("--ports", "0,0,0")
    running.read_until("Ctrl-C ends it all")
    children, ports = children_of(running.process.pid), running.addresses()
    assert len(children) == 2 and len(set(ports)) == 4
    began = time.monotonic()
    code, text = running.end(number)
    assert (code, time.monotonic() - began < 3) == (0, True), text
    assert "Traceback" not in text
    assert not any(map(exists, children)) and all(map(is_free, ports))


@pytest.mark.parametrize("shop", ["Flask", "Express"])
def test_a_shop_that_ends_by_itself_ends_the_demo_with_1_and_leaves_nothing_behind(demo, shop):
    running = demo("--ports", "0,0,0")
    running.read_until("Ctrl-C ends it all")
    children = children_of(running.process.pid)
    os.kill(running.pid_of(shop), signal.SIGTERM)
    code, text = running.end()
    assert code == 1 and f"the {shop} shop ended by itself" in text and "Traceback" not in text
    assert not any(map(exists, children))


def test_shops_that_are_killed_are_started_again_and_the_demo_goes_on(demo):
    running = demo("--ports", "0,0,0")
    running.read_until("Ctrl-C ends it all")
    flask, express = killed = running.pid_of("Flask"), running.pid_of("Express")
    os.kill(flask, signal.SIGKILL)
    running.read_until(f"Flask (pid {flask}) was killed; the other shop carries on; restarting")
    os.kill(express, signal.SIGKILL)
    running.read_until(f"Express (pid {express}) was killed; no shop is left; restarting")
    again = [running.read_until(f"{shop} is started again") for shop in ("Flask", "Express")]
    children = children_of(running.process.pid)
    assert sorted(children) == sorted(int(re.search(r"pid (\d+)", line)[1]) for line in again)
    assert not set(children) & set(killed)
    code, text = running.end(signal.SIGINT)
    assert code == 0 and "Traceback" not in text
    assert not any(map(exists, children))


@pytest.mark.parametrize("place", [0, 1, 2, 3])
def test_a_port_that_is_taken_is_named_together_with_the_option(demo, place):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        ports = ["0", "0", "0", "0"]
        ports[place] = str(taken.getsockname()[1])
        code, text = demo("--ports", ",".join(ports)).end()
    assert code == 2 and f"port {ports[place]}" in text and "make demo PORTS=" in text and "Traceback" not in text


@pytest.mark.parametrize("ports", ["1", "1,2", "a,b,c", "1,2,3,4,5", "-1,2,3", "1,2,70000", ""])
def test_ports_that_are_none_are_refused(demo, ports):
    code, text = demo(f"--ports={ports}").end()
    assert code == 2 and "three or four numbers" in text and "Traceback" not in text


def test_a_port_that_is_named_twice_is_refused(demo):
    code, text = demo("--ports=8001,8001,8002").end()
    assert code == 2 and "each port is wanted once" in text and "Traceback" not in text
