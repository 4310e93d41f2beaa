"""The processes that are measured, each a module with an `answer`, asked by `benchmarks.measuring.child`."""
