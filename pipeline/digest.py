"""Stage: the code in `pipeline/` → `reports/code`, a list for every other stage: the files it runs, with digests."""

from pipeline.cli import command
from pipeline.data.code import all_stage_code, listed
from pipeline.data.files import write_bytes
from pipeline.rendering.terminal import make_console
from pipeline.settings.composed import Settings
from pipeline.settings.job import Job
from pipeline.settings.paths import CHOICES, ROOT, display


def digest(settings: Settings, job: Job) -> None:
    """Lists the code of every stage of every family, so that DVC finds a stage stale only by code that it runs."""
    folder = ROOT / "reports" / "code"
    families = sorted(file.stem for file in (CHOICES / "model").glob("*.yaml"))
    for name, files in all_stage_code(families).items():
        write_bytes(listed(files).encode(), folder / f"{name}.txt")
    make_console().print(f"{display(folder)}: the code that each stage runs")


if __name__ == "__main__":
    command.run("pipeline.digest", digest)
