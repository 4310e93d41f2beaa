"""One call of a stage: its settings composed, its work tracked, its results put in their place.

::

    command     composes the settings, prints errors in one line, sets the exit status
    sweep       a parent run around the jobs of a sweep
    cards       what runs say about themselves
    training    one training from its first step, or an interruption, to its tracked end
    listener    hands a training's events on to the terminal, the tracking store and the run's folder
    outputs     what a finished training leaves behind
    trained     finds that again, for the stages after it
"""
