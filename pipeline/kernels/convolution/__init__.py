"""Convolutions from fewer products, and transposed convolutions as sub-pixel convolutions.

::

    toom_cook    convolutions of small maps as products of matrices
    bilinear     the matrices that they take
    dense        convolutions of maps that are no larger than the window, as one dense product
    subpixel     a transposed convolution that doubles maps, as a convolution to four maps for each one
    bias         a bias with a gradient of its own
"""
