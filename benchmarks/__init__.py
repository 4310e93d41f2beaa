"""Benchmarks, each a module that is run by hand: `python -m benchmarks.NAME --json PATH`, or all by `make bench`.

::

    overhead.py   what tracking, checkpoints, pictures and progress add to a training
    quality.py    how good generated digits are, and how soon
    scale.py      how cost grows with steps, batch, width, threads, jobs and runs in the store
    startup.py    how long a user waits before anything trains
    step.py       one training step against its peers and against the machine's limit
    jobs/         commands and trainings that scale.py and startup.py time
    listened/     trainings that overhead.py times, with all of it on and off
    measuring/    what benchmarks share: machine, commands, children by turns, results, pictures
    steps/        the peers of step.py, ours among them, and the arithmetic of a step
    trainings/    trainings that are timed and scored: recipes, records, scores, summary, goals, picture
    results/      what was measured, as JSON with its table and picture

Each writes the machine, its rows and its goals, and exits with status 1 where a goal is not met.
"""

import os

# Importing the pipeline sets variables that make TensorFlow faster; a peer is to run as its user would run it.
UNTOUCHED = dict(os.environ)
