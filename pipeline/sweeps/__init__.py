"""A sweep: its jobs, where they run, and the tables of their runs.

::

    jobs        listed and checked before the first trains
    sweep       the parent run around them, and which of them are left
    search      trials that are proposed one after the other
    storage     Optuna and its storage
    study       the trials of a search, proposed and told
    candidates  table, picture and commands of a search
    processes   jobs side by side on this machine
    cluster     jobs on the machines of a Ray cluster
    tasks       the side of a node there: a command in a fresh process
    machines    what these must have in common
    slurm       jobs as a job array of SLURM
    comparison  jobs grouped into settings: rows of tables, the best on each measure, pictures
    summary     these at the end of a sweep, on its parent run
    page        these of one or several stored sweeps, in one HTML file

Hydra finds the sweeper and the launchers, which call these, in `hydra_plugins`.
"""
