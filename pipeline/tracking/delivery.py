"""Sending the calls of a spool to the tracking store, in order and each once."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mlflow.entities import Dataset, DatasetInput, InputTag, LoggedModelOutput, Metric, Param, RunTag

from pipeline.data.files import write_text
from pipeline.data.keys import Key
from pipeline.settings.paths import METADATA, display
from pipeline.tracking.lease import CLOSED
from pipeline.tracking.pages import runs_where
from pipeline.tracking.points import held_points, identity
from pipeline.tracking.recorder import Recorder
from pipeline.tracking.runs import ENDINGS
from pipeline.tracking.spool import Call, Spool, SpoolError, damage
from pipeline.tracking.store import Store

SPOOL_TAG = "spool.run"  # of a run that was made while the store was away: the id that it had till then
_PLAIN = ("log_artifact", "log_artifacts", "log_model_artifacts", "finalize_logged_model")
_ATTACHED = {"log_artifact": "local_path", "log_artifacts": "local_dir", "log_model_artifacts": "local_dir"}
_WITH_IDS = ("MLmodel", METADATA)  # files that name the run or the model
_IMAGE = re.compile(r"(?P<picture>.+\+step\+\d+)\+timestamp\+\d+\+[^+.]+(?P<kind>.*)")


class Delivery:
    """Sends what a spool holds to a store.

    After a kill or an error nobody knows whether the store took the call under way. Files, tags and parameters may be
    sent again; points, pictures and outputs that the store has are left out, and a run or a model is looked for before
    it is made.
    """

    def __init__(self, spool: Spool, store: Store) -> None:
        self.spool, self.store = spool, store
        self._points: set[tuple[str, int]] | None = None
        self._images: dict[tuple[str, str], str] | None = None

    def send_waiting(self) -> None:
        """Sends the calls that wait, those among them that come meanwhile.

        Raises:
            MlflowException: The store did not take a call; this and later ones stay in the spool.
        """
        try:
            for call in self.spool.waiting():
                self.spool.mark_sent(call, self._send(call))
        except BaseException:
            self._points = self._images = None
            raise

    def _send(self, call: Call) -> Mapping[str, str]:
        """Sends one call, and returns the store's id of what it made, by the id that this had till then."""
        client, arguments = self.store.client, self._with_own_ids(call.arguments)
        match call.name:
            case "create_run":
                return {str(self.spool.run_id): self._made_run(arguments)}
            case "create_logged_model":
                return {arguments["model_id"]: self._made_model(arguments)}
            case "log_batch":
                self._log_batch(**arguments)
            case "log_inputs":
                client.log_inputs(arguments["run_id"], [_dataset(one) for one in arguments["datasets"]])
            case "log_outputs":
                self._log_outputs(**arguments)
            case "log_trained":
                self._log_trained(**arguments)
            case "delete_tag":
                self._delete_tag(**arguments)
            case "update_run":  # it resumes, perhaps offline, where nothing is known of its end
                client.update_run(**arguments)
                for ending in ENDINGS:
                    self._delete_tag(arguments["run_id"], ending)
            case "set_terminated":
                client.set_terminated(**arguments)
                # What was said of it by who thought it abandoned.
                self._delete_tag(arguments["run_id"], CLOSED)
            case name if name in _PLAIN:
                self._send_plain(name, arguments, call.attached)
            case name:
                raise SpoolError(f"{self.spool.folder} holds a call that is none of a spool: {name}")
        return {}

    def _with_own_ids(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """The arguments with the store's ids in place of those that the run and its models had before."""
        return {key: self._replaced(value) for key, value in arguments.items()}

    def _replaced(self, value: Any) -> Any:
        match value:
            case str():
                for own, ids in self.spool.ids.items():
                    value = value.replace(own, ids)
                return value
            case dict():
                return {key: self._replaced(one) for key, one in value.items()}
            case list():
                return [self._replaced(one) for one in value]
        return value

    def _made_run(self, arguments: Mapping[str, Any]) -> str:
        tag = {SPOOL_TAG: str(self.spool.run_id)}
        found = list(runs_where(self.store, f"tags.`{SPOOL_TAG}` = '{self.spool.run_id}'"))
        if found:
            return str(found[0].info.run_id)
        made = self.store.client.create_run(
            self.store.experiment_id, **{**arguments, "tags": {**arguments["tags"], **tag}}
        )
        return str(made.info.run_id)

    def _made_model(self, arguments: Mapping[str, Any]) -> str:
        client, place = self.store.client, self.store.experiment_id
        name, run_id = arguments["name"], arguments["source_run_id"]
        # Not deleted and made anew: a team's server lets the maker of the experiment alone delete.
        for earlier in client.search_logged_models([place], f"source_run_id = '{run_id}' AND name = '{name}'"):
            return str(earlier.model_id)
        return str(client.create_logged_model(place, name=name, source_run_id=run_id).model_id)

    def _log_batch(
        self, run_id: str, metrics: list[tuple[str, float, int, int]], params: dict[str, str], tags: dict[str, str]
    ) -> None:
        new = []
        if metrics:
            if self._points is None:
                self._points = held_points(self.store.client, run_id, system=True)
            for metric in (Metric(*values) for values in metrics):
                if identity(metric) not in self._points:
                    self._points.add(identity(metric))
                    new.append(metric)
        self.store.client.log_batch(
            run_id,
            metrics=new,
            params=[Param(key, value) for key, value in params.items()],
            tags=[RunTag(key, value) for key, value in tags.items()],
        )

    def _log_outputs(self, run_id: str, models: list[dict[str, Any]]) -> None:
        outputs = self.store.client.get_run(run_id).outputs
        held = {one.model_id for one in outputs.model_outputs} if outputs else set()
        new = [LoggedModelOutput(**one) for one in models if one["model_id"] not in held]
        if new:
            self.store.client.log_outputs(run_id, new)

    def _log_trained(self, run_id: str, values: Mapping[str, float]) -> None:
        if self.store.knows(run_id):  # which may have been deleted meanwhile
            Recorder(self.store, run_id).log_trained({Key.parse(text): value for text, value in values.items()})

    def _delete_tag(self, run_id: str, key: str) -> None:
        if key in self.store.client.get_run(run_id).data.tags:
            self.store.client.delete_tag(run_id, key)

    def _send_plain(self, name: str, arguments: dict[str, Any], attached: Path | None) -> None:
        if attached:
            if not attached.exists():
                raise damage(self.spool.folder, f"{display(attached)} is missing")
            self._name_run_and_model(attached)
            if arguments.get("artifact_path") == "images" and self._has_image(arguments["run_id"], attached.name):
                return
            arguments[_ATTACHED[name]] = str(attached)
        getattr(self.store.client, name)(**arguments)

    def _name_run_and_model(self, attached: Path) -> None:
        for file in (attached, *(attached / name for name in _WITH_IDS)):
            if self.spool.ids and file.name in _WITH_IDS and file.is_file():
                write_text(self._replaced(file.read_text(encoding="utf-8")), file)

    def _has_image(self, run_id: str, name: str) -> bool:
        """Whether the store has a picture of the same name and step, under another random name."""
        if self._images is None:
            entries = self.store.client.list_artifacts(run_id, "images")
            names = (Path(entry.path).name for entry in entries)
            self._images = {one: name for name in names if (one := _picture(name))}
        one = _picture(name)
        return one is not None and self._images.setdefault(one, name) != name


def _picture(name: str) -> tuple[str, str] | None:
    found = _IMAGE.fullmatch(name)
    return (found["picture"], found["kind"]) if found else None


def _dataset(entry: Mapping[str, Any]) -> DatasetInput:
    tags = [InputTag(key, value) for key, value in entry["tags"].items()]
    return DatasetInput(Dataset(**entry["dataset"]), tags)
