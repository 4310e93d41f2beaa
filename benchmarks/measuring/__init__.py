"""The foundation that benchmarks share: child processes by turns, copies of the project, results, a command each."""
