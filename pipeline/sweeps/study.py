"""The trials of a search in Optuna's storage: proposed and told by the command, reported by the jobs.

Private names: `Trial._trial_id`, by which a job in another process finds its trial again.
"""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from pipeline.data.keys import HELD_OUT, Key
from pipeline.rendering.terminal import make_console
from pipeline.runs.trials import IsHopeless, TrialJob
from pipeline.settings.errors import SettingsError
from pipeline.settings.job import Job
from pipeline.settings.search import ADDRESS, SearchSettings, TrialPlace, read_search
from pipeline.sweeps.storage import SearchError, away, import_optuna, open_storage

_REPLACED = "replaced"
_WARM_SHARE = 3  # reports in the first third of a training say little of its end
FEWEST = 4  # trials of which importances are estimated


class Study:
    """The trials of one search.

    Args:
        search: Its settings.
        seed: Seed of what is proposed.

    Attributes:
        search: Its settings.
        seed: The same as is passed.

    Raises:
        SearchError: Optuna is not installed, or its storage does not answer.
    """

    def __init__(self, search: SearchSettings, *, seed: int) -> None:
        self.search, self.seed, self._optuna = search, seed, import_optuna()
        self._storage: Any = open_storage(search.storage)
        self._study: Any = None

    def open(self, name: str, first: Mapping[str, Any]) -> None:
        """Opens the study of that name; a new one begins with the settings `first`, where they are in the space."""
        directions = ["maximize"] * len(self.search.maximize) + ["minimize"] * len(self.search.minimize)
        optuna = self._optuna
        self.name, options = name, {"storage": self._storage, "directions": directions, "load_if_exists": True}
        self._study = optuna.create_study(study_name=name, **options)
        # A seed of its own for each command: the same one would propose the same values again.
        seed = self.seed + len(self.study.trials)
        self.study.sampler = optuna.samplers.TPESampler(seed=seed, multivariate=len(directions) == 1)
        own = {name: first[name] for name in self.search.space if isinstance(first.get(name), int | float)}
        if not self.study.trials and _is_within(own, self.search):
            self.study.enqueue_trial(own)

    @property
    def study(self) -> Any:
        """The study of Optuna's, which must be open."""
        if self._study is None:
            raise RuntimeError("a study must be opened before it is used")
        return self._study

    @property
    def left(self) -> int:
        """How many trials are still to be run."""
        done = [one for one in self.study.trials if one.state.is_finished() and _REPLACED not in one.user_attrs]
        return max(0, self.search.trials - len(done))

    def trials(self) -> list[tuple[int, str, dict[str, float]]]:
        """The number of each trial, how it ended, and its settings; none before the study is open."""
        found: list[Any] = self._study.trials if self._study else []
        states = [_REPLACED if _REPLACED in one.user_attrs else one.state.name.lower() for one in found]
        settings = [one.params or one.system_attrs.get("fixed_params", {}) for one in found]
        return list(zip([one.number for one in found], states, settings, strict=True))

    def values(self) -> dict[int, list[float]]:
        """The measures of each trial that came to its end, by its number."""
        complete = self._optuna.trial.TrialState.COMPLETE
        return {one.number: one.values for one in self.study.trials if one.state == complete}

    def best(self) -> list[int]:
        """The numbers of the best trials: of several measures the Pareto front, the best of the first one first."""
        found = sorted(self.study.best_trials, key=lambda one: one.values[0], reverse=bool(self.search.maximize))
        return [one.number for one in found]

    def importances(self) -> dict[str, float]:
        """How much each setting decides which trials are the best, as shares of 1 (PED-ANOVA); empty of few trials."""
        if len(self.values()) < FEWEST:
            return {}
        return dict(self._optuna.importance.get_param_importances(self.study))

    def running(self) -> list[int]:
        """The numbers of trials without a result; their processes have ended where no command runs the search."""
        return [one.number for one in self.study.trials if one.state == self._optuna.trial.TrialState.RUNNING]

    def ask(self) -> tuple[TrialPlace, list[str]]:
        """Proposes a trial; returns its place and its settings as overrides."""
        continuous = self._optuna.distributions.FloatDistribution
        trial = self.study.ask({name: continuous(**dict(one)) for name, one in self.search.space.items()})
        place = TrialPlace(number=trial.number, id=trial._trial_id, study=self.name)
        return place, overrides_of(trial.params)

    def tell(self, number: int, measures: Mapping[Key, float]) -> None:
        """Keeps the measures of a trial that came to its end.

        Raises:
            SettingsError: The objectives are not among them; the trial has failed.
        """
        keys = keys_of(self.search)
        if not measures.keys() >= set(keys):
            self.tell_failed(number)
            known = ", ".join(sorted(key.name for key in measures if key.split == HELD_OUT and not key.component))
            raise SettingsError(
                f"`{ADDRESS}.maximize` and `minimize` must name measures of a report ({known}). "
                f"Received: {', '.join(self.search.objectives)}"
            )
        self.study.tell(number, [measures[key] for key in keys])

    def tell_known(self, number: int) -> bool:
        """Whether an earlier trial with the same settings is complete; its measures become those of this one."""
        settings, complete = overrides_of(self.study.trials[number].params), self.values()
        same = [one for one in self.study.trials if one.number in complete and overrides_of(one.params) == settings]
        if same:
            self.study.tell(number, same[0].values)
        return bool(same)

    def tell_failed(self, number: int) -> None:
        """Keeps that a trial failed."""
        self.study.tell(number, state=self._optuna.trial.TrialState.FAIL)

    def tell_pruned(self, number: int) -> None:
        """Keeps that a trial was ended early."""
        self.study.tell(number, state=self._optuna.trial.TrialState.PRUNED)

    def replace(self, number: int) -> None:
        """Fails a trial whose process ended without a result, and proposes its values next."""
        trial, waiting = self.study.trials[number], self._optuna.trial.TrialState.WAITING
        # A kill while it was proposed left it only some of the values that were to be its.
        values = {**trial.system_attrs.get("fixed_params", {}), **trial.params}
        # Before it has failed, or a kill would lose them. Optuna's `skip_if_exists` would find them in this trial.
        if values not in [one.system_attrs["fixed_params"] for one in self.study.trials if one.state == waiting]:
            self.study.enqueue_trial(values)
        self._storage.set_trial_user_attr(trial._trial_id, _REPLACED, True)
        self.tell_failed(number)


def make_trial(job: Job, block: Mapping[str, Any], *, steps: int) -> TrialJob:
    """Returns the job of a sweep as the trial that the sweeper made of it; `block` are the search's settings.

    With one objective a trial ends at a report whose measure is worse than the median of the others' at that step.
    """
    search = read_search(block)
    if search.trial is None:
        raise SearchError("`hydra.sweeper.search.trial` is written by the sweeper: leave it out")
    shared = {one.name: getattr(job, one.name) for one in fields(Job)}
    shared["overrides"] = tuple(word for word in job.overrides if not word.startswith("+search="))
    is_hopeless = _pruned_by_optuna(search, search.trial, steps) if len(search.objectives) == 1 else _never
    return TrialJob(**shared, trial=search.trial.number, is_hopeless=is_hopeless)


def _pruned_by_optuna(search: SearchSettings, place: TrialPlace, steps: int) -> IsHopeless:
    optuna = import_optuna()
    pruner, storage = make_pruner(steps // _WARM_SHARE), open_storage(search.storage)
    study = optuna.load_study(study_name=place.study, storage=storage, pruner=pruner)
    trial, (key,) = optuna.trial.Trial(study, place.id), keys_of(search)

    def is_hopeless(step: int, values: Mapping[Key, float]) -> bool:
        if key not in values:  # the command says so once the trial has ended
            return False
        try:
            trial.report(values[key], step)
            return bool(trial.should_prune())
        except away():
            make_console().print("the search's storage does not answer: the trial goes on")
            return False

    return is_hopeless


def _never(_step: int, _values: Mapping[Key, float]) -> bool:
    return False


def make_pruner(warm_steps: int) -> Any:
    """Makes the rule by which trials are hopeless: worse than the median of five others, after the first steps."""
    return import_optuna().pruners.MedianPruner(n_startup_trials=5, n_warmup_steps=warm_steps)


def keys_of(search: SearchSettings) -> list[Key]:
    """Returns the keys of a search's objectives in the reports of a training."""
    return [Key(name, split=HELD_OUT) for name in search.objectives]


def overrides_of(values: Mapping[str, float]) -> list[str]:
    """Returns settings as overrides, with five digits: what is trained is what is shown."""
    return [f"{address}={as_text(value)}" for address, value in values.items()]


def as_text(value: float) -> str:
    """Returns a searched value with five digits; a whole number whole, since Hydra reads 1e+05 as a fraction."""
    return str(int(value)) if float(value).is_integer() else f"{value:.5g}"


def _is_within(values: Mapping[str, float], search: SearchSettings) -> bool:
    space = search.space
    return values.keys() == space.keys() and all(
        space[name].low <= value <= space[name].high for name, value in values.items()
    )
