"""Arrays to figures: how good digits are, by what a judge makes of them. Knows NumPy, SciPy and no model.

::

    sample.py         digits with the judge's view of them: what every figure is computed from
    measures.py       two samples → all figures by name, the quick ones or all
    references.py         what real digits score by the same names, and a figure beside its reference
    accuracy.py       is a digit the digit that was asked for?
    frechet.py        are features distributed as the real ones are?
    score.py          are digits distinct, and all of them there?
    coverage.py       is each digit like real ones, and is each real one met? (precision, recall, density, coverage)
    diversity.py      do digits of one class differ?
    memorization.py   are digits copies of training images?
    classification_accuracy.py    what can be learnt from generated digits alone?
    baselines.py      what do codes by principal components bring back, and those of a random encoder?
    intervals.py      figures of several seeds → mean and interval
    seeds.py          runs that differ in their seed alone → one setting
    distances.py      distances between many points, block by block
    pixels.py         images of either form → pixels in [0, 1]

A judge is a classifier that has no part in the training. Its features are the numbers before its last layer, scaled by
`frechet.FeatureScale`.
"""
