"""The identity of a training: hashes of its settings, data, code, judge and start."""

from pipeline.data.code import code_digest, stage_code
from pipeline.data.digests import file_digest
from pipeline.runs.folder import RunFiles
from pipeline.settings.composed import Settings


def digests_of(settings: Settings, *, start: RunFiles | None, judge: str | None) -> dict[str, str]:
    """Returns the hashes that decide a training.

    Args:
        settings: Its settings; MNIST's file must be there.
        start: The training that it starts from; none where it starts at step 0.
        judge: The judge's hash; none where no judge is asked.

    Returns:
        SHA-256 of `settings`, `data` and `code`, and of `judge` and `start` where there is one.
    """
    digests = {
        "settings": settings.digest(),
        "data": file_digest(settings.data.file),
        "code": code_digest(stage_code("train", settings.family)),
    }
    if judge:
        digests["judge"] = judge
    if start:
        digests["start"] = file_digest(start.state)
    return digests
