"""What a judge's own training, and runs with figures that it gave, say of it in the tracking store."""

from __future__ import annotations

from collections.abc import Mapping

from pipeline.judging.calibration import Calibration
from pipeline.settings.composed import Settings
from pipeline.settings.job import Job
from pipeline.settings.paths import ROOT
from pipeline.tracking.runs import RunDescription
from pipeline.tracking.tags import environment_tags


def judge_tags(calibration: Calibration) -> dict[str, str]:
    """Gives the tags of a run with figures that a judge gave: its hash, how often it is right and its label."""
    tags = {"judge.digest": calibration.digest, "judge.accuracy": f"{calibration.accuracy:.4f}"}
    return tags | ({"judge.label": calibration.label} if calibration.label else {})


def judge_metadata(calibration: Calibration) -> dict[str, object]:
    """Gives what stands beside every stored figure of a judge."""
    return {"digest": calibration.digest, "accuracy": calibration.accuracy, "label": calibration.label}


def describe_judge(settings: Settings, job: Job, *, digests: Mapping[str, str]) -> RunDescription:
    """Describes a calibration.

    Args:
        settings: What it is set to.
        job: How the command was called that needed the judge.
        digests: Hashes of the data and the code.
    """
    tags = {
        "kind": "judge",
        "family": "judge",
        "seed": str(settings.judge.seed),
        **{f"{name}.digest": digest for name, digest in digests.items()},
        **environment_tags(ROOT),
    }
    return RunDescription(
        name=" ".join(["judge", f"seed={settings.judge.seed}", *([settings.label] if settings.label else [])]),
        parameters={"judge": settings.judge.model_dump(mode="json"), "data": {"limit": settings.data.limit}},
        tags=tags | ({"label": settings.label} if settings.label else {}),
        note=f"An independent classifier that judges generated digits.\n\n```\n{job.command}\n```\n",
    )
