"""Arrays → pictures, tables and terminal output. Knows NumPy, Pillow, Matplotlib and rich, and no model.

::

    tiles.py        images → one picture of tiles; writes every picture, whole or not at all
    grids.py        grids with a class for each column or row, and its name
    digits.py       digits on request → one file, or a picture each
    figures.py      the look and the size of everything drawn with Matplotlib
    curves.py       histories of losses → panels of lines
    histograms.py   weights of each layer → panels of histograms
    animation.py    pictures of successive steps → an animated GIF
    measures.py     histories of measures → a panel each, with real digits
    scatter.py      points of a plane, coloured by digit
    confusion.py    readings of each digit asked for → a matrix
    tables.py       tables of losses, of measures beside real digits, and of sweeps
    comparison.py   the settings of a sweep over their seeds → a table
    intervals.py    the same → a picture of one measure, a row a setting
    tradeoff.py     the same → a picture, one measure against another
    spelling.py     names of measures as a person writes them
    samples.py      samples of several runs → one picture
    search.py       the trials of a search → their objectives, and which settings decide them
    page.py         tables, pictures and commands → one HTML file
    terminal.py     the progress of a training run
"""
