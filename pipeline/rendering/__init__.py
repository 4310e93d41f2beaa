"""Arrays to pictures, and what a terminal shows: knows NumPy, Pillow, Matplotlib and rich, and no model.

::

    tiles.py        images → one picture of tiles; every picture is written here, whole or not at all
    figures.py      the look and the size of everything drawn with Matplotlib
    curves.py       histories of losses → panels of lines
    histograms.py   coefficients of each layer → panels of histograms
    animation.py    pictures of successive steps → an animated GIF
    measures.py     a history of measures → a panel each, with its reference
    scatter.py      points of a plane, coloured by digit
    confusion.py    what is read for each digit asked for → a matrix
    tables.py       tables of losses, of figures beside their references, and of sweeps
    comparison.py   the settings of a sweep over their seeds → a table
    tradeoff.py     the same → a picture, one measure against another
    terminal.py     the progress of a training run
"""
