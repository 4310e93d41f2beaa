"""The identity of a training: hashes of its settings, data, code and start, and the key of its run."""

from uuid import uuid4

from pipeline.data.code import code_digest, stage_code
from pipeline.data.digests import file_digest
from pipeline.runs.folder import RunFiles
from pipeline.settings.composed import Settings


def digests_of(settings: Settings, *, start: RunFiles | None) -> dict[str, str]:
    """Returns the SHA-256 that decide a training: `settings`, `data`, `code`, and `start` if any.

    `start` is the training that this one starts from, none where it starts at step 0. The data's file must be there.
    """
    digests = {
        "settings": settings.digest(),
        "data": file_digest(settings.data.file),
        "code": code_digest(stage_code("train", settings.family)),
    }
    if start:
        digests["start"] = file_digest(start.state)
    return digests


def run_key(files: RunFiles) -> str:
    """Returns the key that the run of a training has as a tag; the first call makes it and writes it down.

    By it a run is found whose process was killed before it wrote down the run's id.
    """
    key = files.metadata().get("key")
    if key is None:
        key = uuid4().hex
        files.update_metadata(key=key)
    return str(key)
