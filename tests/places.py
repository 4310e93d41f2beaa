"""A job's place in a sweep, as the sweeper would hand it on."""

import time
from typing import Any

from pipeline.settings.job import SweepPlace


def place(**fields: Any) -> SweepPlace:
    """The first of four jobs, 100 seconds after the sweep began, but for what `fields` say."""
    whole = {"run": "1e5", "digest": "0123", "number": 0, "jobs": 4, "before": 0, "left": 4, "at_once": 1}
    return SweepPlace.model_validate({**whole, "started": time.time() - 100, **fields})
