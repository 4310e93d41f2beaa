"""The device that trainings compute on, which decides what `auto` means in `compute`, and the cache of its compiler."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import tensorflow as tf

from pipeline.settings import paths
from pipeline.settings.compute import AUTO, Auto, Kernels, suited_kernels

if TYPE_CHECKING:  # the judge, which asks for its kernels here, does not depend on other settings
    from pipeline.settings.composed import Settings

XLA_FLAGS, VISIBLE = "TF_XLA_FLAGS", "CUDA_VISIBLE_DEVICES"
NVIDIA = Path("/dev/nvidia0")


def find_gpu() -> str | None:
    """Name of the first GPU that TensorFlow sees, such as `NVIDIA H100 80GB HBM3`; None without one."""
    gpus = tf.config.list_physical_devices("GPU")
    if not gpus:
        return None
    return str(tf.config.experimental.get_device_details(gpus[0]).get("device_name", gpus[0].name))


def find_hint() -> str:
    """What to do where the machine has a GPU that TensorFlow does not see; empty where it has none, or it is hidden."""
    hidden = os.environ.get(VISIBLE) in ("", "-1")
    return "" if hidden or not NVIDIA.exists() else ", though the machine has one (install `tensorflow[and-cuda]`)"


def choose_kernels(asked: Kernels | Auto = AUTO) -> Kernels:
    """Returns the kernels asked for, which are those that suit this machine for `auto`."""
    return suited_kernels(gpu=find_gpu() is not None) if asked == AUTO else asked


def resolve_compute(settings: Settings, *, report: Callable[[str], None]) -> Settings:
    """Returns the settings with what `auto` means in `compute` on this machine; `report` takes a line that says why.

    The values are parameters of the run, so that its hash follows them. With `compute.xla_cache` the compiler's cache
    is opened too.
    """
    gpu = find_gpu()
    resolved = settings.resolve(gpu=gpu is not None)
    compute = resolved.compute
    if not settings.compute.is_resolved:
        seen = f"TensorFlow sees a GPU ({gpu})" if gpu else f"TensorFlow sees no GPU{find_hint()}"
        meant = {"xla": str(compute.xla).lower(), "steps_per_call": compute.steps_per_call, "kernels": compute.kernels}
        report(f"{seen}: {' '.join(f'compute.{name}={value}' for name, value in meant.items())}")
    if compute.xla and compute.xla_cache:
        open_cache(paths.STORE_ROOT / "runs" / "xla", device=gpu or "CPU")
    return resolved


def open_cache(folder: Path, *, device: str) -> None:
    """Lets XLA keep what it compiles from now on in a folder, and load what another process has kept there.

    TensorFlow reads the flag at the first compilation. It finds programs by their operations alone, so each release and
    each device has a folder of its own. Flags that are set in the environment stay as they are.
    """
    own = folder / "".join(each if each.isalnum() else "-" for each in f"{tf.__version__}-{device}")
    own.mkdir(parents=True, exist_ok=True)
    os.environ.setdefault(XLA_FLAGS, f"--tf_xla_persistent_cache_directory={own}")
