"""The processes that are measured, each `python -m benchmarks.children.NAME`, asked by `benchmarks.measuring.child`."""
