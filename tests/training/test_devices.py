"""What `auto` means on this machine, and the compiler's cache on disk."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.settings import paths
from pipeline.settings.paths import ROOT
from pipeline.training import devices
from pipeline.training.devices import XLA_FLAGS, choose_kernels, open_cache, resolve_compute
from tests.composing import settings_of


def test_auto_means_what_tensorflow_sees_and_the_log_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr(devices, "NVIDIA", Path("no", "nvidia0"))
    for gpu, meant in ((None, (False, 1, "fast")), ("NVIDIA H100 80GB HBM3", (True, 50, "plain"))):
        monkeypatch.setattr(devices, "find_gpu", lambda gpu=gpu: gpu)
        compute = resolve_compute(settings_of(), report=said.append).compute
        assert (compute.xla, compute.steps_per_call, compute.kernels) == meant
    assert [line.split(": ") for line in said] == [
        ["TensorFlow sees no GPU", "compute.xla=false compute.steps_per_call=1 compute.kernels=fast"],
        [
            "TensorFlow sees a GPU (NVIDIA H100 80GB HBM3)",
            "compute.xla=true compute.steps_per_call=50 compute.kernels=plain",
        ],
    ]


@pytest.mark.parametrize(
    ("visible", "there", "hint"),
    [
        (None, True, ", though the machine has one (install `tensorflow[and-cuda]`)"),
        ("", True, ""),
        ("-1", True, ""),
        (None, False, ""),
    ],
)
def test_a_gpu_that_tensorflow_does_not_see_comes_with_what_to_install_unless_it_is_hidden(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, visible: str | None, there: bool, hint: str
) -> None:
    monkeypatch.setattr(devices, "find_gpu", lambda: None)
    monkeypatch.setattr(devices, "NVIDIA", tmp_path if there else tmp_path / "nvidia0")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible or "")
    if visible is None:
        monkeypatch.delenv("CUDA_VISIBLE_DEVICES")
    said: list[str] = []
    resolve_compute(settings_of(), report=said.append)
    assert said[0].startswith(f"TensorFlow sees no GPU{hint}: compute.xla=false")


def test_what_was_asked_for_stays_without_a_word(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "find_gpu", lambda: "NVIDIA H100 80GB HBM3")
    said: list[str] = []
    asked = settings_of("compute.xla=false", "compute.steps_per_call=3", "compute.kernels=fast")
    assert resolve_compute(asked, report=said.append).model_dump() == asked.model_dump()
    assert not said


def test_what_computes_without_a_training_has_the_kernels_that_suit_the_machine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for gpu, suited in ((None, "fast"), ("NVIDIA H100 80GB HBM3", "plain")):
        monkeypatch.setattr(devices, "find_gpu", lambda gpu=gpu: gpu)
        assert [choose_kernels(), choose_kernels("fast"), choose_kernels("plain")] == [suited, "fast", "plain"]


@pytest.mark.slow
def test_no_gpu_is_found_where_tensorflow_is_shown_none() -> None:
    code = "import pipeline.models; from pipeline.training.devices import find_gpu; print(find_gpu())"
    assert _output(code, CUDA_VISIBLE_DEVICES="") == "None\n"


@pytest.mark.parametrize(("xla", "cache"), [("true", "false"), ("false", "true"), ("true", "true")])
def test_the_cache_is_opened_where_it_is_asked_for_and_xla_compiles(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, xla: str, cache: str
) -> None:
    monkeypatch.setattr(paths, "STORE_ROOT", tmp_path)
    monkeypatch.setenv(XLA_FLAGS, "")
    monkeypatch.delenv(XLA_FLAGS)
    resolve_compute(settings_of(f"compute.xla={xla}", f"compute.xla_cache={cache}"), report=lambda _: None)
    opened = os.environ.get(XLA_FLAGS, "").removeprefix("--tf_xla_persistent_cache_directory=")
    if xla == cache == "true":
        assert [*(tmp_path / "runs" / "xla").iterdir()] == [Path(opened)]
    else:
        assert (opened, [*tmp_path.iterdir()]) == ("", [])


def test_flags_of_the_environment_stay_and_each_device_has_a_folder_of_its_own(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv(XLA_FLAGS, "--tf_xla_max_cluster_size=1000")
    for device in ("NVIDIA H100 80GB HBM3", "NVIDIA A100/40"):
        open_cache(tmp_path, device=device)
    assert os.environ[XLA_FLAGS] == "--tf_xla_max_cluster_size=1000"
    names = sorted(folder.name for folder in tmp_path.iterdir())
    assert [name.rpartition("NVIDIA-")[2] for name in names] == ["A100-40", "H100-80GB-HBM3"]


@pytest.mark.long
def test_another_process_loads_what_xla_has_compiled(tmp_path: Path) -> None:
    code = """if True:
        import sys
        from pathlib import Path
        import pipeline.models
        import tensorflow as tf
        from pipeline.training.devices import open_cache
        open_cache(Path(sys.argv[1]), device="CPU")
        print(float(tf.function(lambda x: tf.reduce_sum(x @ x), jit_compile=True)(tf.ones((8, 8)))))
    """
    files = []
    for _ in range(2):
        assert _output(code, str(tmp_path), **{XLA_FLAGS: None}) == "512.0\n"
        files.append([(file.name, file.stat().st_mtime_ns) for file in tmp_path.glob("*/*.pb")])
    assert len(files[0]) == 1
    assert files[1] == files[0]


def _output(code: str, *words: str, **environment: str | None) -> str:
    """What a Python of its own prints, with some variables set, and without those that are None."""
    changed = {name: value for name, value in {**os.environ, **environment}.items() if value is not None}
    command = [sys.executable, "-c", code, *words]
    return subprocess.run(command, cwd=ROOT, env=changed, stdout=subprocess.PIPE, text=True, check=True).stdout
