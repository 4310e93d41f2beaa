"""What pyproject.toml cannot say: a wheel holds `conf/` and `params.yaml`, which lie outside the packages.

They go to one folder in `pipeline`, where `pipeline.settings.paths` finds them.
"""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py


class BuildWithConfiguration(build_py):
    """Builds the modules, and the configuration beside them."""

    def run(self) -> None:
        """Writes the folder anew, so that what an earlier build left is not in it."""
        super().run()
        if not self.editable_mode:
            place = Path(self.build_lib, "pipeline", "configuration")
            shutil.rmtree(place, ignore_errors=True)
            shutil.copytree("conf", place)
            shutil.copy("params.yaml", place)


setup(cmdclass={"build_py": BuildWithConfiguration})
