"""What goes wrong in a benchmark."""

from pipeline.settings.errors import PipelineError


class BenchmarkError(PipelineError):
    """Something that was to be measured failed, or left nothing to measure."""
