"""One training step, ours and that of its peers, and what arithmetic it needs.

::

    variants.py     who is measured, and in what environment
    arithmetic.py   multiply-adds of layers → operations of a step
    layers.py       a built network → multiply-adds of its layers
    example.py      child: Keras' `mnist_acgan` in its own way
    peer.py         child: the same in PyTorch
    ours.py         child: the pipeline's own training
    matrix.py       the machine's rate of multiplying matrices
    summary.py      samples → rows, table, goals and picture
"""
