"""Child process: the pipeline's own training, a block of steps at a time; more than one training may be alive."""

import time
from collections.abc import Sequence
from typing import Any

from benchmarks.measuring.serving import Answer, peak_memory, serve
from benchmarks.trainings.recipes import compose_settings


class Trainings:
    """Trainings by the words they are set by, each made when it is first asked for."""

    def __init__(self) -> None:
        self._made: dict[tuple[str, ...], Any] = {}
        self._steps: dict[tuple[str, ...], int] = {}
        self._words: tuple[str, ...] = ()

    def answer(self, request: Answer) -> Answer:
        """Takes the steps that are asked for.

        Args:
            request: `words`, the settings (those of the last request by default), and `steps`, how many.

        Returns:
            `seconds` of each step, the `images` that it draws and the most `memory` so far.
        """
        self._words = tuple(request.get("words", self._words))
        if self._words not in self._made:
            self._made[self._words], self._steps[self._words] = _build(self._words), 0
        training, first = self._made[self._words], self._steps[self._words]
        count = int(request.get("steps", 0))
        seconds = [_time_step(training, first + number) for number in range(count)]
        self._steps[self._words] += count
        return {"seconds": seconds, "images": training.images_per_step, "memory": peak_memory()}


def _build(words: Sequence[str]) -> Any:
    import pipeline.models  # noqa: F401
    from pipeline.data import mnist
    from pipeline.training.family import build_training, find_family

    settings = compose_settings(words)
    splits = mnist.split(mnist.read(settings.data.file), settings.data)
    return build_training(find_family(settings.family), settings, splits)


def _time_step(training: Any, step: int) -> float:
    started = time.perf_counter()
    training.take_step(step)
    return time.perf_counter() - started


if __name__ == "__main__":
    serve(Trainings().answer)
