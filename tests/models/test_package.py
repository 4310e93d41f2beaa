import subprocess
import sys

ALONE = """
import sys, pipeline.models
assert not {"matplotlib", "sklearn"} & sys.modules.keys()
import matplotlib.pyplot, sklearn
"""


def test_keras_imports_neither_matplotlib_nor_scikit_learn_which_others_still_can() -> None:
    subprocess.run([sys.executable, "-c", ALONE], check=True)
