"""A benchmark's command: its options, its results in three files, its errors in one line and its exit status."""

import argparse
import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.measuring.machine import describe_machine
from benchmarks.measuring.picture import Panel, draw
from benchmarks.measuring.results import Results
from pipeline.data.files import write_text
from pipeline.data.sources import ensure_fetched
from pipeline.settings.errors import PipelineError
from pipeline.settings.exits import FAILED, INTERRUPTED, REFUSED, TERMINATED
from pipeline.settings.overrides import compose_settings
from pipeline.settings.paths import ROOT, display

RESULTS = ROOT / "benchmarks" / "results"
FEWEST_ROUNDS = 3


@dataclass(frozen=True)
class Benchmark:
    """A benchmark that is run by `python -m benchmarks.NAME`; `title` and `panels` are those of its picture.

    `measure` finds in its options the `machine` and the `settings` that the overrides set, whose MNIST is there.
    """

    name: str
    title: str
    panels: Sequence[Panel]
    measure: Callable[[argparse.Namespace], Results]
    add_options: Callable[[argparse.ArgumentParser], None]

    def main(self) -> None:
        """Runs the command and exits with its status, also where it is terminated."""
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(TERMINATED))
        sys.exit(self.run())

    def run(self, arguments: Sequence[str] | None = None) -> int:
        """Measures, writes the results and returns the exit status: 1 for a missed goal, 2 for a user's mistake."""
        options = self.parse(arguments)
        try:
            if not options.from_results:
                options.machine, options.settings = describe_machine(), compose_settings(options.overrides)
                ensure_fetched(options.settings.data, report=print, progress=False)
                replace(self.measure(options), machine=options.machine).write(options.json)
            return self.publish(options.json)
        except PipelineError as error:
            sys.stderr.write(f"error: {error}\n")
            return REFUSED
        except KeyboardInterrupt:
            sys.stderr.write("error: interrupted\n")
            return INTERRUPTED

    def parse(self, arguments: Sequence[str] | None) -> argparse.Namespace:
        """Reads the command line; ends the process with status 2 where it is not sound."""
        parser = argparse.ArgumentParser(f"python -m benchmarks.{self.name}", description=self.title)
        parser.add_argument("--json", type=Path, default=RESULTS / f"{self.name}.json", help="where the results go")
        parser.add_argument("--from-results", action="store_true", help="only draw the table and the picture anew")
        self.add_options(parser)
        parser.add_argument("overrides", nargs="*", metavar="SETTING=VALUE", help="for every training")
        return parser.parse_args(arguments)

    def publish(self, path: Path) -> int:
        """Writes table and picture of the results in a JSON file, prints the table and returns the exit status."""
        results = Results.read(path)
        text = results.markdown()
        write_text(text, path.with_suffix(".md"))
        draw(self.panels, results.rows, path.with_suffix(".png"), title=self.title)
        print(f"{text}\n{display(path)}, with this table (.md) and a picture (.png)")
        return 0 if all(goal.met for goal in results.goals) else FAILED


def counts(options: argparse.Namespace) -> bool:
    """Whether goals may be met: after three rounds or more, of the project's own settings."""
    return options.rounds >= FEWEST_ROUNDS and not options.overrides


def positive(text: str) -> int:
    """Reads a whole number of 1 or more from a command line."""
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"must be a whole number of 1 or more. Received: {text}")
    return int(text)
