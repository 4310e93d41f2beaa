"""The judge, an independent classifier, and what it says of generated digits.

::

    network      the classifier
    fit          its training
    result       a fitted judge with what real digits score, and its files
    calibration  the same read back: what every figure is measured by
    identity     what decides a judge, and whether a folder has the one that is wanted
    quality      what it says of generated digits, at a report and in an evaluation
    description  what runs say of it in the tracking store
    run          its tracked training, where there is no judge of these settings yet
"""
