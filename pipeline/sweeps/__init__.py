"""Which jobs a sweep has, where they run and what they showed.

::

    callback    the jobs, checked before the first; the parent run around them
    workers     jobs side by side: each process claims the next that no other has claimed
    summary     tables, figures and a picture of a sweep's runs
"""
