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
    summary     tables, figures and a picture of a sweep's runs

Hydra finds the sweeper and the launchers, which call these, in `hydra_plugins`.
"""
