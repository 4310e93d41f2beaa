"""Who takes the step that is measured, and in what environment."""

import shlex
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

from benchmarks.measuring.children import Child
from benchmarks.trainings.recipes import compose_settings
from pipeline.settings.acgan import AcganSettings
from pipeline.settings.errors import SettingsError

EXAMPLE, TORCH, OURS = "benchmarks.steps.example", "benchmarks.steps.peer", "benchmarks.steps.ours"
COUNTS = "benchmarks.steps.layers"
ORIGINAL = ("experiment=original",)
BATCH = 100


@dataclass(frozen=True)
class Variant:
    """One way to take a step.

    Attributes:
        title: What tables call it.
        module: The child process that takes it.
        words: What its settings are beside the project's own.
        environment: What its process is told.
        mode: Which form of a peer.
    """

    title: str
    module: str
    words: tuple[str, ...] = ORIGINAL
    environment: Mapping[str, str | None] = field(default_factory=dict)
    mode: str = ""


VARIANTS: Mapping[str, Variant] = {
    "example": Variant("the example's own way", EXAMPLE),
    "example-plain": Variant("the example without oneDNN", EXAMPLE, environment={"TF_ENABLE_ONEDNN_OPTS": "0"}),
    "example-onednn": Variant("the example with oneDNN", EXAMPLE, environment={"TF_ENABLE_ONEDNN_OPTS": "1"}),
    "torch": Variant("PyTorch, eager", TORCH, mode="eager"),
    "torch-last": Variant("PyTorch, eager, channels last", TORCH, mode="channels-last"),
    "torch-compiled": Variant("PyTorch, torch.compile", TORCH, mode="compiled"),
    "original": Variant("ours, original", OURS),
    "default": Variant("ours, default recipe", OURS, words=(f"acgan.batch_size={BATCH}",)),
    "default-own": Variant("ours, default recipe at its own batch", OURS, words=()),
}
PEERS = tuple(name for name, variant in VARIANTS.items() if variant.module == TORCH)


def settings_of(name: str, overrides: Sequence[str]) -> AcganSettings:
    """Gives what a variant is set to.

    Args:
        name: A name in `VARIANTS`.
        overrides: Settings for every variant.

    Raises:
        SettingsError: They are not sound, or of another family.
    """
    model = compose_settings((*VARIANTS[name].words, *overrides)).model
    if not isinstance(model, AcganSettings):
        raise SettingsError(f"`model` must be acgan, the only one with peers. Received: {shlex.join(overrides)}")
    return model


def start(name: str, overrides: Sequence[str], *, data: str, python: str, into: ExitStack) -> Child:
    """Starts a variant's process.

    Args:
        name: A name in `VARIANTS`.
        overrides: Settings for every variant.
        data: The file of MNIST.
        python: The interpreter that has PyTorch.
        into: What ends the process.

    Returns:
        The child. It knows its settings already and imports what it needs when it is first asked.
    """
    variant = VARIANTS[name]
    interpreter = python if variant.module == TORCH else sys.executable
    child = into.enter_context(Child(variant.module, environment=variant.environment, python=interpreter))
    shape: dict[str, Any] = settings_of(name, overrides).model_dump(mode="json")
    words = [*variant.words, *overrides]
    child.tell(settings=shape, words=words, mode=variant.mode, data=data)
    return child


def start_counting(names: Sequence[str], overrides: Sequence[str], *, into: ExitStack) -> Child:
    """Starts a process that counts what a step of each variant computes; it answers in the order of the names."""
    child = into.enter_context(Child(COUNTS))
    for name in names:
        child.tell(words=[*VARIANTS[name].words, *overrides])
    return child


def has_torch(python: str) -> bool:
    """Tells whether an interpreter has PyTorch and NumPy, without importing them."""
    code = "from importlib.util import find_spec; raise SystemExit(not (find_spec('torch') and find_spec('numpy')))"
    try:
        return subprocess.run([python, "-c", code], capture_output=True, check=False).returncode == 0
    except OSError:
        return False
