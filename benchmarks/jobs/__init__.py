"""Commands, trainings and a tracking store that are timed as they grow.

::

    waits.py     what a user waits for before anything trains
    sweeps.py    sweeps of so many jobs, and two trainings side by side
    growth.py    steps of trainings of many sizes
    store.py     child: a tracking store of so many runs
    parts.py     the parts of scale.py: what grows → panels of curves, rows and goals
"""
