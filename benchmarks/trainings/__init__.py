"""Trainings that are timed, and scored at each of their reports.

::

    recipes.py    names of recipes → the command that trains one, and its settings
    records.py    trains what was not trained yet, and keeps a record of each training
    scores.py     the weights kept at every report → measures against the test images
    summary.py    runs of several seeds → rows and a table
    goals.py      what recipes were to reach
    picture.py    each measure over seconds and steps
"""
