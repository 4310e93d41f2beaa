"""A training with everything that listens to it, and the same with all of it off.

::

    trainings.py    child: the whole `pipeline.train`, and the bare loop over the same training
    summary.py      their times → rows, goals and picture
"""
