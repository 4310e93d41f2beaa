"""One tracked run: a training, its folder, its outputs, and what later stages read of it.

::

    folder       a run's folder: its paths, its metadata, its lock
    identity     what decides a training, as hashes
    description  what runs say about themselves in the tracking store
    training     a training from its first step, or an interruption, to its tracked end
    observer     hands a training's events on to the terminal, the tracking store and the folder
    outputs      what a finished training leaves behind
    samples      the sample tiles of its reports
    location     where a finished training lies
    finished     its models, history and place in the tracking store
    evaluation   its test losses and the judge's figures: files, metrics, tables
    baselines    what simpler codes bring back of the test images
    pictures     its samples, curves, weights and animation
    neighbours   digits beside their nearest training images
"""
