"""A sweep: its jobs, the processes that run them, and the tables of their runs.

::

    jobs        listed and checked before the first trains
    callback    the parent run around them
    workers     jobs side by side: each process claims the next that no other has claimed
    summary     tables, figures and a picture of a sweep's runs
"""
