"""Benchmarks, each a module that is run by hand: `python -m benchmarks.NAME --json PATH`, or all by `make bench`.

::

    quality.py    how good generated digits are, and how soon
    measuring/    what benchmarks share: the machine, timed commands, results with rows and goals
    trainings/    trainings that are timed and scored: recipes, records, scores, summary, goals, picture
    results/      what was measured, as JSON with its table and picture

Each writes the machine, its rows and its goals, and exits with status 1 where a goal is not met.
"""
