"""The foundation that benchmarks share: child processes by turns, copies of the project, results, a command each."""

from benchmarks.measuring.benchmark import Benchmark, counts, positive
from benchmarks.measuring.picture import Panel
from benchmarks.measuring.results import BenchmarkError, Goal, Results, Row, compare

__all__ = ["Benchmark", "BenchmarkError", "Goal", "Panel", "Results", "Row", "compare", "counts", "positive"]
