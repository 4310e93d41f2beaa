"""Command: a run's models → ONNX and SavedModel, for other programs."""

from importlib.util import find_spec

from pipeline.cli import command
from pipeline.runs.location import find_run
from pipeline.settings.composed import Settings
from pipeline.settings.errors import PipelineError
from pipeline.settings.job import Job
from pipeline.settings.paths import display

PACKAGES = ("onnx", "onnxruntime", "tf2onnx")


class MissingExtraError(PipelineError):
    """The packages of the extra `export` are not installed."""


def export(settings: Settings, job: Job) -> None:
    """Writes a run's halves and judge as ONNX and SavedModel, compares them with Keras, and logs them on its run."""
    if missing := [package for package in PACKAGES if find_spec(package) is None]:
        raise MissingExtraError(
            f"exporting needs {', '.join(missing)}: install the extra `export`, as in pip install -e '.[export]'"
        )
    location = find_run(settings)
    from pipeline.tracking.store import connect

    # A store that does not answer is refused before TensorFlow, which takes seconds to import.
    store = connect(family=location.settings.family, experiment=location.settings.tracking.experiment)
    import pipeline.models  # noqa: F401
    from pipeline.rendering.terminal import make_console
    from pipeline.runs.exports import export_run, log_exports

    console = make_console()
    for name, difference in export_run(location):
        console.print(f"{name}.onnx, {name}/: differs from Keras by {difference:.1g} at most")
    logged = log_exports(location, store)
    where = "also on its run in MLflow" if logged else "its run is not in this tracking store"
    console.print(f"{display(location.files.exports)}: {where}")


if __name__ == "__main__":
    command.run("pipeline.export", export)
