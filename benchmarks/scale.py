"""How cost grows: with steps, batch size, threads, a sweep's jobs, Ray's workers and the runs in the store.

Each part can be run alone, as by `--part batches`. Trainings are the default recipe's steps without reports, but for
two parts, in a copy of the project: `sweep` runs one sweep of the smoke test's trainings and looks when each job ends;
`beside` runs two whole trainings up to a report, by turns as a sweep whose jobs come one after the other with all
threads and as one whose jobs train at once with half of them each (`compute.jobs=2`). The part `cluster` runs jobs
that sleep on Ray; the overhead of a job is for how long it keeps a worker beyond its sleep.
"""

import argparse
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from statistics import mean

from benchmarks.children.sleeper import SECONDS
from benchmarks.measuring import Benchmark, BenchmarkError, Goal, Panel, Results, Row, compare, counts, positive
from benchmarks.measuring.child import Child, by_turns, ratios
from benchmarks.measuring.projects import TRAIN, Project, copied_project

GAIN = 1.2
BATCHES, JOBS, BESIDE_STEPS, RUNS = (25, 50, 100, 200, 400, 800, 1600), 16, 250, (10, 100, 1000)
OURS, CLUSTER, STORE = (f"benchmarks.children.{name}" for name in ("ours", "cluster", "store"))
WARM_STEPS, BLOCKS, REPEATS = 1, 10, 5
KINDS_OF_THREADS = ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")
BY_STEPS, BY_BATCH, BY_THREADS = (f"a step, seconds, by {what}" for what in ("steps taken", "batch size", "threads"))
SPEED, MEMORY, SWEEP = "images a second", "peak memory, GB", "a sweep of small trainings, seconds"
BESIDE, BY_RUNS = "two trainings, throughput", "MLflow's store, seconds"
SHORT_JOBS, WORKERS, ON_RAY = 64, (1, 2, 4), "short jobs on Ray, seconds"
OVER = {BY_STEPS: "steps taken", BY_BATCH: "batch size", SPEED: "batch size", MEMORY: "batch size"}
OVER |= {BY_THREADS: "threads", SWEEP: "jobs", ON_RAY: "workers", BY_RUNS: "runs in the store"}
PANELS = (*(Panel(title, over) for title, over in OVER.items()), Panel(BESIDE, bound=GAIN))


def _add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--part", action="append", choices=PARTS, help="again for another; all by default")
    parser.add_argument("--rounds", type=positive, default=3, help="how often each has its turn")
    parser.add_argument("--steps", type=positive, default=3, help="steps a turn")


def measure(options: argparse.Namespace) -> Results:
    """Measures the parts, one after the other."""
    rows: list[Row] = []
    for name in options.part or PARTS:
        print(f"part {name}", flush=True)
        rows += PARTS[name](options)
    text = f"Medians over {options.rounds} rounds of {options.steps} steps, where steps are measured."
    return Results(rows, find_goals(rows, counts=counts(options)), text)


def find_goals(rows: Sequence[Row], *, counts: bool) -> list[Goal]:
    """Compares two trainings side by side with one after the other, where they were run."""
    gains = [row.median for row in rows if row.panel == BESIDE]
    return compare(*(("two trainings side by side, throughput", ">=", GAIN, gain) for gain in gains), counts=counts)


def steps(options: argparse.Namespace) -> list[Row]:
    """Measures whether later steps cost more, in one long training."""
    length = options.rounds * options.steps
    with Child(OURS) as child:
        _seconds(child, options.overrides, WARM_STEPS)
        ends = range(length, BLOCKS * length + 1, length)
        found = {end: child.ask(words=options.overrides, steps=length)["seconds"] for end in ends}
    return _curve(found, "up to step {}: a step", panel=BY_STEPS, curve="a step")


def batches(options: argparse.Namespace) -> list[Row]:
    """Measures steps of many batch sizes; the memory of each in a process of its own."""
    words = {size: [*options.overrides, f"acgan.batch_size={size}"] for size in BATCHES}
    memory = {}
    for size, own in words.items():
        with Child(OURS) as child:
            memory[size] = [child.ask(words=own, steps=WARM_STEPS + 1)["memory"] / 1e9]
    with Child(OURS) as child:
        for own in words.values():
            _seconds(child, own, WARM_STEPS)
        # Fewer steps a turn above 200 images, where a step takes seconds.
        taken = {size: max(1, min(options.steps, options.steps * 200 // size)) for size in words}
        found = by_turns({size: partial(_seconds, child, words[size], taken[size]) for size in words}, options.rounds)
    speeds = {size: [size / each for each in seconds] for size, seconds in found.items()}
    return [
        *_curve(found, "batch {}: a step", panel=BY_BATCH, curve="default"),
        *_curve(speeds, "batch {}: speed", panel=SPEED, curve="default", unit="images/s"),
        *_curve(memory, "batch {}: peak memory", panel=MEMORY, curve="default", unit="GB"),
    ]


def threads(options: argparse.Namespace) -> list[Row]:
    """Measures steps on one thread and on two."""
    with ExitStack() as stack:
        measures = {}
        for number in (1, 2):
            child = stack.enter_context(Child(OURS, environment=dict.fromkeys(KINDS_OF_THREADS, str(number))))
            _seconds(child, options.overrides, WARM_STEPS)
            measures[number] = partial(_seconds, child, options.overrides, options.steps)
        found = by_turns(measures, options.rounds)
    return _curve(found, "threads {}: a step", panel=BY_THREADS, curve="one training")


def sweep(options: argparse.Namespace) -> list[Row]:
    """Measures when each job of one sweep of small trainings ends; they differ in their seed and report once."""
    words = ["+debug=smoke", "acgan.steps=2", "acgan.report_every=2", *options.overrides]
    with copied_project(options.settings.data.file) as project:
        project.run(*TRAIN, *words)
        ends = ends_of_jobs(project, words, JOBS)
    marked = {2**power: [ends[2**power - 1]] for power in range(JOBS.bit_length())}
    return _curve(marked, "a sweep until job {}: time", panel=SWEEP, curve="one after the other")


def ends_of_jobs(project: Project, words: Sequence[str], jobs: int) -> list[float]:
    """Returns the seconds from the start of a sweep until each of its jobs has ended, in their order."""
    began = time.time()
    project.run(*TRAIN, *words, f"seed={','.join(map(str, range(jobs)))}", "hydra.mode=MULTIRUN")
    ended = (file.stat().st_mtime - began for file in project.root.glob("runs/acgan/*/ended"))
    ends = sorted(seconds for seconds in ended if seconds > 0)  # a training that ended before is no job
    if len(ends) != jobs:
        raise BenchmarkError(f"a sweep of {jobs} jobs must end as many. Received: {len(ends)}")
    return ends


def beside(options: argparse.Namespace) -> list[Row]:
    """Measures whether two trainings side by side, a thread each, take less time than a sweep of them."""
    start = f"two trainings of {BESIDE_STEPS} steps"
    # Each turn is a new sweep: in one of before, the trainings have finished already.
    swept = (f"acgan.steps={BESIDE_STEPS}", f"acgan.report_every={BESIDE_STEPS}", "seed=0,1", "sweep.new=true")
    with copied_project(options.settings.data.file) as project:
        project.run(*TRAIN, *options.overrides, "acgan.steps=1", "acgan.report_every=1")
        after = partial(project.run, *TRAIN, *options.overrides, *swept, "hydra.mode=MULTIRUN")
        found = by_turns({"after": after, "beside": partial(after, "compute.jobs=2")}, options.rounds)
    gains = ratios(found["after"], found["beside"])
    return [
        Row.of(f"{start}, one after the other: time", found["after"], unit="s"),
        Row.of(f"{start}, side by side: time", found["beside"], unit="s"),
        Row.of("side by side against one after the other: throughput", gains, panel=BESIDE),
    ]


def cluster(_: argparse.Namespace) -> list[Row]:
    """Measures how long short jobs take on more and more workers of Ray, each number in a cluster of its own."""
    whole, rest, name = {}, {}, f"{SHORT_JOBS} jobs of {SECONDS} s on Ray, {{}} at once"
    for workers in WORKERS:
        with Child(CLUSTER, environment={"RAY_OVERRIDE_RESOURCES": f'{{"CPU": {workers}}}'}) as child:
            seconds = child.ask(jobs=SHORT_JOBS, workers=workers)["seconds"]
        whole[workers], rest[workers] = [seconds], [seconds * workers / SHORT_JOBS - SECONDS]
    measures = {"time": whole, "overhead a job": rest}
    return [row for curve in measures for row in _curve(measures[curve], f"{name}: {curve}", panel=ON_RAY, curve=curve)]


def store(_: argparse.Namespace) -> list[Row]:
    """Measures how long a run takes to log, and all runs to list, in stores of more and more runs."""
    with Child(STORE, environment={"MLFLOW_TRACKING_URI": None}) as child:
        found = {runs: child.ask(runs=runs, repeats=REPEATS) for runs in RUNS}
    curves = {act: {runs: answer[act] for runs, answer in found.items()} for act in ("log", "list")}
    return [
        row for act in curves for row in _curve(curves[act], f"store of {{}} runs: {act}", panel=BY_RUNS, curve=act)
    ]


PARTS = {part.__name__: part for part in (steps, batches, threads, sweep, beside, cluster, store)}


def _seconds(child: Child, words: Sequence[str], steps: int) -> float:
    """Returns the mean seconds of a step."""
    return float(mean(child.ask(words=list(words), steps=steps)["seconds"]))


def _curve(found: Mapping[int, Sequence[float]], name: str, *, unit: str = "s", **place: str) -> list[Row]:
    """Returns the rows of a curve; `name` has a place for where on it, `place` is its `panel` and `curve`."""
    return [Row.of(name.format(at), values, unit=unit, at=at, **place) for at, values in found.items()]


BENCHMARK = Benchmark("scale", "How cost grows", PANELS, measure, _add_options)

if __name__ == "__main__":
    BENCHMARK.main()
