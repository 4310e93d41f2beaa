"""How runs are described in the tracking store: names, tags and texts."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path

from pipeline.judging.description import own_data_tags
from pipeline.runs.changes import changed_settings, dvc_command
from pipeline.runs.trials import TrialJob
from pipeline.settings.composed import Settings
from pipeline.settings.job import Job, stage_of_dvc
from pipeline.settings.paths import SOURCES
from pipeline.tracking.runs import RunDescription
from pipeline.tracking.tags import SWEEP_JOB, SWEEP_NUMBER, TRIAL, environment_tags

# What a name leaves out, since it says it otherwise or since it does not decide the training.
LEFT_OUT = (
    "model=",
    "label=",
    "seed=",
    "sweep=",
    "search=",
    "debug=",
    "run=",
    "start_from=",
    "tracking.",
    "compute.jobs=",
    "data.source=",
)


def name_run(settings: Settings, job: Job) -> str:
    """Names a training by what varies: `acgan real=1.75 generated=0.25 seed=1`.

    By hand that is what was overridden, in a sweep that in which its jobs differ, and in a stage of DVC what differs
    from the committed params.yaml. A trial of a search is named by its number.
    """
    if isinstance(job, TrialJob):
        return " ".join([settings.family, f"trial {job.trial}", *([settings.label] if settings.label else [])])
    varied = changed_settings(settings) if stage_of_dvc() else job.overrides
    shown = [override for override in (each.lstrip("+") for each in varied) if not override.startswith(LEFT_OUT)]
    if job.sweep and job.sweep.varied:
        shown = [override for override in shown if override.partition("=")[0] in job.sweep.varied]
    varied = [_shortened(override, settings) for override in shown]
    return " ".join([settings.family, *varied, f"seed={settings.seed}", *([settings.label] if settings.label else [])])


def describe_training(settings: Settings, job: Job, *, digests: Mapping[str, str]) -> RunDescription:
    """Describes a training: name, parameters, tags and the command that repeats it.

    `digests` are hashes of the settings, the data and the code. A job of a sweep is under the sweep's run.
    """
    place = {SWEEP_JOB: job.sweep.digest, SWEEP_NUMBER: str(job.sweep.number)} if job.sweep else {}
    place |= {TRIAL: str(job.trial)} if isinstance(job, TrialJob) else {}
    return RunDescription(
        name=name_run(settings, job),
        parameters=settings.parameters(),
        tags=_tags("training", settings) | {f"{name}.digest": digest for name, digest in digests.items()} | place,
        note=_training_text(settings, job),
        parent_run_id=job.sweep.run if job.sweep else None,
    )


def describe_stage(
    stage: str, settings: Settings, job: Job, *, models: Path, training: Mapping[str, object]
) -> RunDescription:
    """Describes an evaluation or a rendering, which `stage` names, of a training.

    `models` is the folder they were read from, `training` the metadata of the training, its run among them.
    """
    parent = training.get("run_id")
    block = getattr(settings, stage).model_dump(mode="json")
    return RunDescription(
        name=f"{stage} {training.get('name', settings.family)}",
        parameters={stage: block},
        tags=_tags(stage, settings),
        note=f"`{stage}` of the models in `{models.as_posix()}`.\n\n```\n{job.command}\n```\n",
        parent_run_id=str(parent) if parent else None,
    )


def describe_sweep(overrides: Sequence[str], *, family: str, label: str | None) -> RunDescription:
    """Describes a sweep or a search: name, tags and the command that repeats it.

    `label` is the mark of what is not a real result (`smoke`); none of real ones.
    """
    unnamed = (*({*LEFT_OUT} - {"seed=", "sweep=", "search="}), "hydra/", "hydra.")
    named = [re.sub(r"^\+(sweep|search)=", "", one) for one in overrides if not one.lstrip("+").startswith(unnamed)]
    kind = "search" if any(one.startswith("+search=") for one in overrides) else "sweep"
    return RunDescription(
        name=" ".join([kind, family, *named, *([label] if label else [])]),
        tags={"family": family, **environment_tags(SOURCES)} | ({"label": label} if label else {}),
        note=f"A {kind}. Its jobs are its child runs.\n\n```\n{sweep_command(overrides)}\n```\n",
    )


def sweep_command(overrides: Sequence[str]) -> str:
    """Returns the command of a sweep with these overrides."""
    multirun = [] if any(one.startswith(("+sweep=", "+search=")) for one in overrides) else ["--multirun"]
    return shlex.join(["python", "-m", "pipeline.train", *multirun, *overrides])


def _tags(kind: str, settings: Settings) -> dict[str, str]:
    label = {"label": settings.label} if settings.label else {}
    label |= own_data_tags(settings)
    return {"kind": kind, "family": settings.family, "seed": str(settings.seed), **label, **environment_tags(SOURCES)}


def _shortened(override: str, settings: Settings) -> str:
    address, _, value = override.partition("=")
    if value.startswith("{"):
        order = list(settings.parameters())
        pairs = dict(re.findall(r"([^\s{,:]+)\s*:\s*([^\s,}]+)", value))
        names = sorted(pairs, key=lambda name: order.index(full) if (full := f"{address}.{name}") in order else -1)
        return " ".join(f"{name}={pairs[name]}" for name in names)
    return f"{address.removeprefix(f'{settings.family}.')}={value}" if value else address


def _training_text(settings: Settings, job: Job) -> str:
    model = settings.model
    smoke = f"**{settings.label}: not a real result.** " if settings.label else ""
    return (
        f"{smoke}Training of the family `{settings.family}`: {model.steps:,} steps of {model.batch_size} images, "
        f"seed {settings.seed}, a report every {model.report_every:,} steps.\n\n"
        "To repeat it, with the code of the tags `git.commit` and `git.dirty`:\n\n"
        f"```\n{_command(settings, job)}\n```\n"
    )


def _command(settings: Settings, job: Job) -> str:
    return dvc_command(settings) if stage_of_dvc() else job.command
