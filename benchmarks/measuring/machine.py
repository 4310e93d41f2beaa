"""The machine that figures were measured on; figures of two machines do not compare."""

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import psutil

PACKAGES = ("numpy", "keras", "tensorflow")
CPUINFO = Path("/proc/cpuinfo")

Machine = dict[str, str | int | float | None]


def describe_machine() -> Machine:
    """Describes the machine, without its name.

    Returns:
        `processor`, `cores` that this process may use, `memory_gib`, `system`, `python`, the release of each package
        that computes (None where it is missing), and `load`, the tasks that were running in the last minute beside
        the benchmark (None where the system does not tell).
    """
    releases: Machine = {package: _release(package) for package in PACKAGES}
    return {
        "processor": _processor(),
        "cores": usable_cores(),
        "memory_gib": round(psutil.virtual_memory().total / 2**30, 1),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        **releases,
        "load": round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None,
    }


def usable_cores() -> int:
    """Gives the cores that this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _processor() -> str:
    if CPUINFO.exists():
        for line in CPUINFO.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _release(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
