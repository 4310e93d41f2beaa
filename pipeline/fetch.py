"""Stage: MNIST from a folder, a mirror or a package → `data/mnist.npz`, verified; or data of one's own."""

from pipeline.cli import command
from pipeline.data import sources
from pipeline.rendering.terminal import make_console
from pipeline.settings.composed import Settings
from pipeline.settings.job import Job


def fetch(settings: Settings, job: Job) -> None:
    """Fetches the data, even where they are there already."""
    console = make_console()
    sources.fetch(settings.data, report=console.print, progress=console.is_terminal)


if __name__ == "__main__":
    command.run("pipeline.fetch", fetch)
