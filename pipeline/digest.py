"""Stage: the code in `pipeline/` → `reports/code`, for each other stage a list of the files that decide its outputs."""

from pipeline.cli import command
from pipeline.data.code import all_stage_code, list_digests
from pipeline.data.files import replacing_folder, write_text
from pipeline.rendering.terminal import make_console
from pipeline.settings.composed import Settings
from pipeline.settings.job import Job
from pipeline.settings.paths import CHOICES, CODE_LISTS, display


def digest(settings: Settings, job: Job) -> None:
    """Lists the code of every stage of every family, so that DVC finds a stage stale only by code that decides it."""
    families = sorted(file.stem for file in (CHOICES / "model").glob("*.yaml"))
    with replacing_folder(CODE_LISTS) as folder:
        for name, files in all_stage_code(families).items():
            write_text(list_digests(files), folder / f"{name}.txt")
    make_console().print(f"{display(CODE_LISTS)}: the code that decides what each stage makes")


if __name__ == "__main__":
    command.run("pipeline.digest", digest)
