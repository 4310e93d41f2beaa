"""Child process: the pipeline's own training, a block of steps at a time; more than one training may be alive."""

from typing import Any

from benchmarks.measuring.serving import Answer, serve_steps
from pipeline.settings.overrides import compose_settings


def build(request: Answer) -> Any:
    """Builds the training that the request's words set."""
    import pipeline.models  # noqa: F401
    from pipeline.data.dataset_file import read_splits
    from pipeline.training.devices import resolve_compute
    from pipeline.training.family import build_training, find_family

    settings = resolve_compute(compose_settings(request["words"]), report=print)
    splits = read_splits(settings.data)
    return build_training(find_family(settings.family), settings, splits)


if __name__ == "__main__":
    serve_steps(build)
