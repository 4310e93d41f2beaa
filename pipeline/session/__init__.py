"""One call of a stage: its settings composed, its work tracked, its results put in their place.

::

    command     composes the settings, prints errors in one line, sets the exit status
    sweep       a sweep's jobs, checked before the first; a parent run around them
    workers     a sweep's jobs side by side: each process takes the next that no other has taken
    swept       what a sweep came to: tables, figures, a picture
    cards       what runs say about themselves
    judges      what decides a judge, and whether a folder has the one that is wanted
    judging     the judge as it was calibrated, with the real digits and their floors
    calibrated  what a calibration finds, and its files
    calibrating one calibration to its tracked end
    metrics     figures by name → nested JSON
    measuring   what the judge says of generated digits, at a report and in an evaluation
    training    one training from its first step, or an interruption, to its tracked end
    listener    hands a training's events on to the terminal, the tracking store and the run's folder
    outputs     what a finished training leaves behind
    trained     finds that again, for the stages after it
    places      where those read a finished training, and where what they say of it goes
    baselines   what simpler codes bring back of the test images
    scores      what an evaluation found: files, figures, tables
    neighbours  digits beside their nearest training images
"""
