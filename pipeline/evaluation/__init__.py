"""Arrays → measures: the quality of digits, as a judge sees them. Knows NumPy, SciPy, scikit-learn and no model.

::

    sample.py         digits with the judge's view of them: the input of every measure
    measures.py       two samples → all measures by key, or the quick ones
    references.py     the scores of real digits by the same keys; a measurement beside its reference
    accuracy.py       does a digit show the class that was asked for?
    frechet.py        are features distributed as those of real digits?
    score.py          is each digit distinct, and are all classes there?
    coverage.py       how do two samples overlap? (precision, recall, density, coverage)
    diversity.py      do digits of one class differ?
    memorization.py   are digits copies of training images?
    classification_accuracy.py    how well does a classifier learn from generated digits alone?
    baselines.py      how well do principal components and a random encoder reconstruct images?
    intervals.py      values of several seeds → mean and interval
    seeds.py          runs that differ in their seed alone → settings
    ahead.py          settings → which is ahead of which others by more than chance
    promotion.py      is one setting better than another by more than chance?
    distances.py      distances between many points, block by block
    pixels.py         images of either form → pixels in [0, 1]

A judge is a classifier that has no part in the training. Its features are the numbers before its last layer, scaled by
`frechet.FeatureScale`.
"""
