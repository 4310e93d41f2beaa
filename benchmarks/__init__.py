"""Benchmarks, each a module that is run by hand: `python -m benchmarks.NAME`, or all by `make bench`.

::

    step.py       one training step against its peers and against the machine's limit
    overhead.py   what tracking, checkpoints, pictures and progress add to a training
    startup.py    how long a user waits before anything trains
    scale.py      how cost grows with steps, batch, threads, jobs and runs in the store
    serving.py    how fast a generator's service answers
    gpu.py        steps, the first step and a whole training on a GPU
    quality.py    how good generated digits are, and how soon
    measuring/    the foundation: child processes by turns, ratios within rounds, results as JSON, table and picture
    children/     the processes that are measured
    results/      the results of the code as it is
    notebook/     what was tried before, by date
"""

import os

# Importing the pipeline sets variables that make TensorFlow faster; a peer is to run as its user would run it.
UNTOUCHED = dict(os.environ)
