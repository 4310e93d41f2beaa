"""The judge, an independent classifier, and the quality of generated digits by it.

::

    network      the classifier
    fit          its training
    result       the fitted judge with the scores of real digits, and its files
    calibration  the same read back: what every figure is measured by
    files        the names of its files
    identity     what decides a judge
    folder       the folders that hold one
    quality      its figures of generated digits, at a report and in an evaluation
    description  how it is described in the tracking store
    run          the judge of a command: found, or trained once and tracked
"""
