"""The promotion of a finished training's generator: registered, compared with the champion, and described."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pipeline.data.keys import QUALITY, REFERENCE, Key
from pipeline.evaluation.promotion import ACCURACY, DISTANCE, Condition, RealAccuracy, conditions
from pipeline.evaluation.seeds import Setting, by_setting
from pipeline.runs.location import RunLocation
from pipeline.serving import CODE
from pipeline.settings.composed import Settings
from pipeline.settings.errors import PipelineError
from pipeline.tracking.owners import user
from pipeline.tracking.recorder import as_markdown
from pipeline.tracking.registry import (
    COMPARABLE,
    TrainedRun,
    describe_version,
    find_version,
    has_versions,
    move_alias,
    other_seeds,
    read_trained,
    register,
    remove_alias,
)
from pipeline.tracking.store import Store

CHAMPION, CHALLENGER, RUN, LABEL = "champion", "challenger", "run", "label"
PART, OTHER = "generator", "discriminator"
TEST_DISTANCE = Key(DISTANCE.measure, split=QUALITY, trained=True)
SHOWN = (DISTANCE, ACCURACY, ACCURACY.on(REFERENCE), TEST_DISTANCE)


class PromotionError(PipelineError):
    """A run cannot be registered, or not be compared with the champion."""


@dataclass(frozen=True)
class Promotion:
    """What became of a run.

    Attributes:
        name: The registered model.
        version: Its version that the run's generator is.
        alias: `champion` or `challenger`.
        reasons: Why, a sentence each, and what the store refused.
    """

    name: str
    version: str
    alias: str
    reasons: Sequence[str]


def promote_run(location: RunLocation, settings: Settings, store: Store) -> Promotion:
    """Registers a run's generator and gives it the alias `champion` or `challenger`; the first one is the champion.

    Its discriminator is registered with it, under the same alias and the name that `discriminator_name` returns.

    Raises:
        PromotionError: The run is labelled as no real one, the champion has other data, another judge, other code or
            another start, or its run was deleted, and `force` is not set.
        TrackingError: The store does not answer, or does not know the run.
    """
    name, label = settings.promote.name, location.settings.label
    _require_real(label, settings)
    trained = read_trained(store, str(location.metadata["run_id"]))
    names = {PART: name, OTHER: discriminator_name(name)}
    held = find_version(store, name, CHAMPION)
    if held is not None and held.run_id == trained.run_id:
        told = _release(names.values(), CHALLENGER, trained, store)
        return Promotion(name, str(held.version), CHAMPION, ["it is the champion already", *told])
    champion, different = _find_champion(held, trained, settings, store)
    different = [LABEL, *different] if label else different
    judged = [] if champion is None else _judge(trained, champion, settings, store)
    alias = CHAMPION if all(condition.holds for condition in judged) else CHALLENGER
    if held is not None:
        first = "the former champion's run was deleted"
    else:
        first = "no version was the champion" if has_versions(store, name) else "it is the first version"
    reasons = [f"{'yes' if one.holds else 'no'}: {one.text}" for one in judged] or [first]
    forced = {"forced": ", ".join(different)} if different else {}
    versions = {part: register(store, names[part], trained, part=part, code=CODE[part]) for part in names}
    # The generator's comes last: with its alias the promotion is done. None is taken away before, since a team's server
    # may refuse that.
    for part in (OTHER, PART):
        text = _text(trained, part, alias, reasons, forced)
        describe_version(store, versions[part], text=text, tags=_tags(trained, alias) | forced)
        move_alias(store, versions[part], alias)
    former = CHALLENGER if alias == CHAMPION else CHAMPION
    return Promotion(
        name, str(versions[PART].version), alias, reasons + _release(names.values(), former, trained, store)
    )


def discriminator_name(name: str) -> str:
    """Returns the name of the discriminator that is registered with a generator: `digits-discriminator` as a rule."""
    return f"{name.removesuffix(f'-{PART}')}-{OTHER}"


def _release(names: Iterable[str], alias: str, trained: TrainedRun, store: Store) -> list[str]:
    """Takes an alias from a run's versions of models; returns a sentence on each that keeps it."""
    kept = {name: remove_alias(store, name, alias, run_id=trained.run_id) for name in names}
    return [
        f"version {version} of {name} stays {alias} too: only who made that model, or the server's admin, may take the "
        "alias away; the same command does then"
        for name, version in kept.items()
        if version is not None
    ]


def _require_real(label: str | None, settings: Settings) -> None:
    if label and not settings.force:
        raise PromotionError(
            f"`run` must be a real training to be promoted, and this one is labelled {label}: choose another, or add "
            "force=true, which is recorded"
        )


def _find_champion(
    held: Any, trained: TrainedRun, settings: Settings, store: Store
) -> tuple[TrainedRun | None, list[str]]:
    """Finds the champion to compare a run with, None without one, and what `force` overrides."""
    if held is None:
        return None, []
    if not store.knows(str(held.run_id)):
        if not settings.force:
            raise PromotionError(
                f"the champion's run was deleted, so that nothing can be compared with version {held.version} of "
                f"{held.name}: add force=true, which is recorded, to make this run the champion"
            )
        return None, [RUN]
    champion = read_trained(store, str(held.run_id))
    different = _differences(trained, champion)
    if different and not settings.force:
        raise PromotionError(
            f"`run` must have the champion's data, judge, code and start to be compared with version {held.version}: "
            f"its {' and its '.join(different)} differs. Train it anew, or add force=true, which is recorded"
        )
    return champion, different


def _differences(trained: TrainedRun, champion: TrainedRun) -> list[str]:
    return [name for name in COMPARABLE if trained.digests.get(name) != champion.digests.get(name)]


def _judge(trained: TrainedRun, champion: TrainedRun, settings: Settings, store: Store) -> list[Condition]:
    rule = settings.promote
    real = RealAccuracy(trained.measures.get(ACCURACY.on(REFERENCE), 1.0), trained.real_images)
    both = (_setting(trained, store), _setting(champion, store))
    return list(conditions(*both, real, seeds=rule.seeds, confidence=rule.confidence))


def _setting(trained: TrainedRun, store: Store) -> Setting:
    there = replace(store, experiment_id=trained.experiment_id)
    (setting,) = by_setting(run.seeded for run in other_seeds(there, trained)) or [Setting(trained.settings, ())]
    return setting


def _tags(trained: TrainedRun, alias: str) -> dict[str, str]:
    measures = {key.text: f"{trained.measures[key]:.6g}" for key in SHOWN if key in trained.measures}
    digests = {f"{name}.digest": digest for name, digest in trained.digests.items()}
    return {
        "decided": alias,
        "promoted.by": user(),
        "trained.by": trained.user,
        "seed": trained.seed,
        **digests,
        **measures,
    }


def _text(trained: TrainedRun, part: str, alias: str, reasons: Sequence[str], forced: Mapping[str, str]) -> str:
    rows = [{"measure": key.text, "value": trained.measures[key]} for key in SHOWN if key in trained.measures]
    lines = [
        f"The {part} of `{trained.name}`, trained by {trained.user} and promoted by {user()}. Decided: {alias}.",
        "",
        *(f"- {reason}" for reason in reasons),
        *(f"- forced, although these are not the champion's: {names}" for names in forced.values()),
        "",
        as_markdown(rows),
        f"Chosen by `{DISTANCE.text}`, on validation images; `{TEST_DISTANCE.text}`, on test images, is shown alone.",
    ]
    return "\n".join(lines)
