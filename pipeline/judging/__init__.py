"""The judge, an independent classifier, and the quality of generated digits by it.

::

    network      the classifier
    fit          its training
    result       the fitted judge with the scores of real digits, and its files
    calibration  the same read back: what every figure is measured by
    identity     what decides a judge, and whether a folder holds it
    quality      its figures of generated digits, at a report and in an evaluation
    description  how it is described in the tracking store
    run          its tracked training, where there is no judge of these settings yet
"""
