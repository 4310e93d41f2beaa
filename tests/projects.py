"""A copy of the project in a folder of its own, to run commands in as a person would."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlflow import MlflowClient
from mlflow.entities import Run

from pipeline.settings.paths import ROOT
from pipeline.tracking.store import default_uri

SOURCES = ("pipeline", "hydra_plugins", "conf", "params.yaml", "dvc.yaml")
UNSET = ("MLFLOW_TRACKING_URI", "MNIST_DIR", "DVC_STAGE", "DVC_EXP_NAME", "PIPELINE_ROOT", "PYTHONPATH")
DRIVER = Path(__file__).parent / "faults" / "driver.py"
TERMINAL = DRIVER.with_name("terminal.py")
LIMIT_SECONDS = 600
# The smallest AC-GAN; one without two terms of its losses that have no state and take long to compile; one without any.
TINY = ("+debug=smoke", "acgan.generator.filters=[8,8,8]", "acgan.discriminator.filters=[4,4,4,4]")
QUICK = (*TINY, "acgan.discriminator.gradient_penalty=0", "acgan.generator.energy_distance=0")
PLAIN = (*QUICK, "acgan.generator.likelihood.weight=0")

Finished = subprocess.CompletedProcess[str]


@dataclass(frozen=True)
class Started:
    """A command that was started."""

    process: "subprocess.Popen[str]"

    def finish(self, *, seconds: float = LIMIT_SECONDS) -> Finished:
        try:
            out, err = self.process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise
        return Finished(self.process.args, self.process.returncode, out, err)


@dataclass(frozen=True)
class Project:
    """A copy of the project; its tracking store is the one in its own folder."""

    root: Path

    @classmethod
    def copied_to(cls, root: Path, mnist: Path) -> "Project":
        root.mkdir()
        for name in SOURCES:
            if (ROOT / name).is_dir():
                shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(ROOT / name, root / name)
        (root / "data").mkdir()
        (root / "data" / "mnist.npz").symlink_to(mnist)
        return cls(root)

    def start(self, *command: str, extra: Mapping[str, str] | None = None) -> Started:
        """Starts a program; `python` is the one that runs the tests."""
        process = subprocess.Popen(
            command,
            cwd=self.root,
            env=self.environment() | dict(extra or {}),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
        return Started(process)

    def train(self, *overrides: str, fault: str | None = None, extra: Mapping[str, str] | None = None) -> Started:
        """Starts a training; `fault` says what befalls it, as `driver.py` reads it."""
        if fault is None:
            return self.start(sys.executable, "-m", "pipeline.train", *overrides, extra=extra)
        command = (sys.executable, str(DRIVER), fault, "pipeline.train", *overrides)
        return self.start(*command, extra={**(extra or {}), "PYTHONPATH": str(self.root)})

    def train_in_terminal(self, *overrides: str, fault: str) -> Started:
        """Starts a training in a terminal of its own, as `terminal.py` does."""
        command = (sys.executable, str(DRIVER), fault, "pipeline.train", *overrides)
        return self.start(sys.executable, str(TERMINAL), *command, extra={"PYTHONPATH": str(self.root)})

    def folders(self) -> list[Path]:
        """The folders of trainings by hand."""
        return sorted(path for path in (self.root / "runs" / "acgan").glob("*") if path.is_dir())

    def client(self) -> MlflowClient:
        return MlflowClient(default_uri(self.root))

    def tracked(self, kind: str, *, family: str = "acgan") -> list[Run]:
        """The runs of a kind, oldest first."""
        client = self.client()
        experiment = client.get_experiment_by_name(f"mnist-{family}")
        assert experiment is not None
        return list(
            client.search_runs([experiment.experiment_id], f"tags.kind = '{kind}'", order_by=["start_time ASC"])
        )

    def environment(self) -> dict[str, str]:
        """The variables that its commands are started with: those of the tests, without what points elsewhere."""
        kept = {name: value for name, value in os.environ.items() if name not in UNSET}
        return kept | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}


def metadata_of(models: Path) -> dict[str, Any]:
    metadata: dict[str, Any] = json.loads((models / "run.json").read_text(encoding="utf-8"))
    return metadata
