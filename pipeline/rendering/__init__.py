"""Arrays to pictures, and what a terminal shows: knows NumPy, Pillow, Matplotlib and rich, and no model.

::

    tiles.py        images → one picture of tiles; every picture is written here, whole or not at all
    figures.py      the look and the size of everything drawn with Matplotlib
    curves.py       histories of losses → panels of lines
    histograms.py   coefficients of each layer → panels of histograms
    animation.py    pictures of successive steps → an animated GIF
    tables.py       tables of losses and of sweeps
    terminal.py     the progress of a training run
"""
