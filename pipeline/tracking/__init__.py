"""Tracking with MLflow, which no other room imports.

::

    store           the store and the experiment; one clear line where it cannot be reached
    errors          errors of the store, in one line each and without passwords
    address         which store is the project's own, and how it is printed
    schema          the tables of an SQLite store: whole, older, newer or broken
    first_answer    half a minute's wait for a server
    relocation      addresses that follow a moved project folder
    pages           searching runs
    garbage         freeing what deleted runs keep
    lease           a tag that the process of a run renews
    owners          the process of a run; closing runs that a killed process left open
    points          metric points: buffered, none twice
    logged_models   a Keras model as a logged model that loads back
    services        a part of a training as a logged model that runs code of its own
    registry        registered models, their versions and the runs they come from
    downloads       models and samples of a run, copied from the store
    datasets        arrays as named inputs of a run
    recorder        writing on a run by its id: points, pictures, files, tables, data sets, models
    runs            a run's life: started or resumed, FINISHED, FAILED or KILLED
    spool           the calls of a run that a server has yet to take, in a file
    spool_client    MLflow's client, whose calls go to a spool
    delivery        sending a spool, each call once
    courier         the thread that does so while a training goes on
    spooled_runs    a run whose training never waits for a server
    stage_runs      runs of the stages after a training, under its own
    sweeps          a sweep's parent run and its tables
    comparison      jobs of several sweeps, read back to be compared
    tags            the environment: git, DVC

Importing the package sets MLflow's environment (no telemetry, no chatter, requests that end within seconds where it
would try for minutes) where the user has not; MLflow reads most of it when it is first imported.
"""

import os

os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.setdefault("DO_NOT_TRACK", "true")
os.environ.setdefault("MLFLOW_LOGGING_LEVEL", "WARNING")
os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
os.environ.setdefault("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")
os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")
os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "10")
