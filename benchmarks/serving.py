"""How fast the default's generator, untrained, answers as a service: 10,000 requests, 16 at a time, on 127.0.0.1."""

import argparse
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from statistics import quantiles
from tempfile import TemporaryDirectory

import requests
from mlflow import pyfunc

from benchmarks.measuring import Benchmark, Panel, Results, Row, compare, positive
from benchmarks.measuring.servers import PATIENCE_SECONDS, served
from pipeline.models.generator import build_generator
from pipeline.serving import CODE
from pipeline.settings.images import DIGITS
from pipeline.settings.overrides import compose_settings

PANEL, COUNTED, AT_ONCE = "an answer, milliseconds", 10_000, 16
MODEL = ("models", "serve", "--env-manager", "local", "-m")


def _add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--requests", type=positive, default=COUNTED, help="how many are sent")


def measure(options: argparse.Namespace) -> Results:
    """Sends the requests to a service of its own."""
    block = compose_settings(options.overrides).model
    with TemporaryDirectory() as folder, ThreadPoolExecutor(AT_ONCE) as pool:
        build_generator(block.generator, latent_size=block.latent_size, seed=0, format=DIGITS).save(f"{folder}/a.keras")
        code, artifacts = str(CODE["generator"]), {"model": f"{folder}/a.keras"}
        pyfunc.save_model(f"{folder}/service", python_model=code, artifacts=artifacts, pip_requirements=["keras"])
        with served(*MODEL, f"{folder}/service") as address:
            _ask(address, 0)  # the first one compiles
            began, taken = time.perf_counter(), list(pool.map(partial(_ask, address), range(options.requests)))
            speed = options.requests / (time.perf_counter() - began)
    percentiles = quantiles([1000 * seconds for seconds, _ in taken], n=100)
    rows = [Row.of(f"{share} %: wait", [percentiles[share - 1]], unit="ms", panel=PANEL) for share in (50, 95, 99)]
    failed, counts = sum(not good for _, good in taken), options.requests >= COUNTED and not options.overrides
    goals = compare(("requests that failed", "<=", 0, failed), counts=counts)
    return Results(rows, goals, f"{options.requests} digits, {AT_ONCE} at a time: {speed:.0f} a second.")


def _ask(address: str, seed: int) -> tuple[float, bool]:
    began, rows = time.perf_counter(), [{"digit": seed % 10, "seed": seed}]
    answer = requests.post(f"{address}/invocations", json={"inputs": rows}, timeout=PATIENCE_SECONDS)
    return time.perf_counter() - began, answer.ok and "png" in answer.text


BENCHMARK = Benchmark("serving", "Answers of a service", (Panel(PANEL, scale="linear"),), measure, _add_options)

if __name__ == "__main__":
    BENCHMARK.main()
