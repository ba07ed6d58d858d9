"""What it was measured on, and with which versions."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path

from .contestant import BENCH
from .tables import NODE


def machine() -> str:
    """Processor, cores, operating system."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{processor()}, {cores} cores, {platform.system()} {platform.release()}"


def processor() -> str:
    """The processor's name, where the system tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    families = [line.partition(":")[2].strip() for line in lines if line.startswith(("cpu family", "model\t"))]
    return f"{names[0]} (family {families[0]}, model {families[1]})" if names else platform.machine()


def interpreters() -> str:
    """Python, Node.js and the compiler of the core."""
    node = output(NODE, "--version").removeprefix("v")
    return f"Python {platform.python_version()}, Node.js {node}, {output('rustc', '--version').partition(' (')[0]}"


def python_versions() -> str:
    """Each requirement with its version."""
    lines = (BENCH / "requirements.txt").read_text(encoding="utf-8").splitlines()
    names = [line for line in lines if line and not line.startswith("#")]
    return ", ".join(f"{name} {version(name)}" for name in ["paymento", *(name.partition("[")[0] for name in names)])


def node_versions() -> str:
    """Each dependency with its version."""
    names = json.loads((BENCH / "package.json").read_text(encoding="utf-8"))["dependencies"]
    return ", ".join(f"{name} {node_version(name)}" for name in ["paymento", *names])


def node_version(name: str) -> str:
    """The version of an installed package."""
    return json.loads((BENCH / "node_modules" / name / "package.json").read_text(encoding="utf-8"))["version"]


def output(*command: str) -> str:
    """What a command prints."""
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
