"""How the judge is described in the tracking store: on its own run, and on runs with its figures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from pipeline.settings.composed import Settings
from pipeline.settings.job import Job
from pipeline.settings.paths import SOURCES
from pipeline.tracking.runs import RunDescription
from pipeline.tracking.tags import OWN_DATA, REPORT_REALS, environment_tags

if TYPE_CHECKING:  # a sweep describes its run before TensorFlow is imported
    from pipeline.judging.calibration import Calibration


def judge_tags(calibration: Calibration) -> dict[str, str]:
    """The tags of a run with a judge's figures: its hash, its accuracy, and how many real images a report has."""
    tags = {"judge.digest": calibration.digest, "judge.accuracy": f"{calibration.accuracy:.4f}"}
    return tags | {REPORT_REALS: str(len(calibration.validation.digits))}


def own_data_tags(settings: Settings) -> dict[str, str]:
    """The tags of a run on other data than MNIST: their name, and that no known hash was there to compare them with."""
    return {"data.name": settings.data.name, OWN_DATA: "none"} if settings.data.own else {}


def describe_judge(settings: Settings, job: Job, *, digests: Mapping[str, str]) -> RunDescription:
    """Describes a training of the judge: name, parameters, tags and the command that repeats it.

    `job` is the call that needed the judge; `digests` are hashes of the data and the code.
    """
    tags = {
        "kind": "judge",
        "family": "judge",
        "seed": str(settings.judge.seed),
        **{f"{name}.digest": digest for name, digest in digests.items()},
        **own_data_tags(settings),
        **environment_tags(SOURCES),
    }
    return RunDescription(
        name=" ".join(["judge", f"seed={settings.judge.seed}", *([settings.label] if settings.label else [])]),
        parameters={"judge": settings.judge.model_dump(mode="json"), "data": {"limit": settings.data.limit}},
        tags=tags | ({"label": settings.label} if settings.label else {}),
        note=f"An independent classifier that judges generated digits.\n\n```\n{job.command}\n```\n",
    )
