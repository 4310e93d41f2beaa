"""The machine that figures were measured on, without its name; figures of two machines do not compare."""

import os
import platform
import re
from importlib.metadata import version
from pathlib import Path

import psutil

PACKAGES = ("numpy", "keras", "tensorflow")
CPUINFO = Path("/proc/cpuinfo")

Machine = dict[str, str | int | float | None]


def describe_machine() -> Machine:
    """Describes the machine; `load` is the tasks that were running in the last minute beside the benchmark."""
    return {
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "memory_gib": round(psutil.virtual_memory().total / 2**30, 1),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        **{package: version(package) for package in PACKAGES},
        "load": round(psutil.getloadavg()[0], 2),
    }


def machine_line(machine: Machine) -> str:
    """Returns the machine as one line of text."""
    releases = ", ".join(f"{name} {machine[name]}" for name in ("python", *PACKAGES))
    return f"{machine['processor']}, {machine['cores']} cores, {machine['memory_gib']} GiB; {releases}."


def _processor() -> str:
    text = CPUINFO.read_text(encoding="utf-8", errors="replace") if CPUINFO.exists() else ""
    named = re.search(r"^model name\s*: (.+)$", text, re.MULTILINE)
    return named[1] if named else platform.processor() or platform.machine()
