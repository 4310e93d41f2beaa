"""Two Keras models in a row, A → B = C, trained together or apart, tracked and compared.

Stages (each a command, `python -m pipeline.NAME`) run in this order::

    digest      the code that decides each of the others
    fetch       MNIST, verified
    train       settings → a trained composition
    judge       an independent classifier, and what real digits score
    evaluate    how good its digits are
    render      its pictures

Commands beside them: `compare` makes a page of sweeps and runs, `promote` registers a run's services, `export` writes
ONNX, `sync` sends what a training kept while the tracking store was away, `prune` frees what deleted runs keep in it.

The rooms beneath them hold what they run with and know no stage. Data flows one way, and each room imports only what
stands before it::

    settings → data → models → composition → kernels → training → evaluation → rendering → tracking → judging → runs
    → sweeps → cli → stages
"""

import os

# Read once, when TensorFlow and MLflow are imported, so they are set before anything can import them.
# oneDNN is off by default on some processors, where it makes a step 1.6 times faster. Operations take turns: two at
# once gave a step other bits from run to run, presumably since oneDNN then gives one of them fewer threads. A GPU's
# memory is taken as it is needed, so that jobs of a sweep share one.
os.environ["KERAS_BACKEND"] = "tensorflow"
for _name, _value in {
    "TF_ENABLE_ONEDNN_OPTS": "1",
    "TF_NUM_INTEROP_THREADS": "1",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "TF_FORCE_GPU_ALLOW_GROWTH": "true",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DVC_NO_ANALYTICS": "true",
}.items():
    os.environ.setdefault(_name, _value)
