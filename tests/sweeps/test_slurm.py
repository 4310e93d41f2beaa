"""Sweeps as an array of submitit's, on this machine in the place of SLURM's."""

import sys
from pathlib import Path

import pytest

from pipeline.settings.exits import JobFailedError
from pipeline.sweeps.machines import ClusterError
from pipeline.sweeps.slurm import explaining_lost_jobs, make_launcher
from tests.projects import PLAIN, Project, metadata_of

TINY = (*PLAIN, "acgan.steps=5")
QUIET, WEIGHT = "tracking.system_metrics=false", "acgan.auxiliary_weight.real"
THREADS = dict.fromkeys(("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"), "1")
WITHOUT_SUBMITIT = """
import runpy, sys
sys.modules["hydra_plugins.hydra_submitit_launcher"] = None
runpy.run_module("pipeline.train", run_name="__main__", alter_sys=True)
"""
PARAMS = {"executor": "slurm", "array_parallelism": 2, "partition": None, "account": None, "timeout_min": 5}


def needs_submitit() -> None:
    pytest.importorskip(
        "hydra_plugins.hydra_submitit_launcher", reason="the extra `slurm` (hydra-submitit-launcher) is not installed"
    )


def test_an_executor_that_is_none_is_refused() -> None:
    with pytest.raises(ClusterError, match=r"executor` must be slurm or local. Received: pbs"):
        make_launcher({**PARAMS, "executor": "pbs"})


@pytest.mark.slow
def test_without_submitit_one_line_names_the_extra_before_a_run_is_opened(tmp_path: Path, mnist_file: Path) -> None:
    project = Project.copied_to(tmp_path / "a project", mnist_file)
    words = ("--multirun", *TINY, "seed=0,1", "hydra/launcher=slurm")
    answer = project.start(sys.executable, "-c", WITHOUT_SUBMITIT, *words).finish()
    assert (answer.returncode, answer.stdout) == (2, "")
    assert answer.stderr.startswith("error: `hydra/launcher=slurm` needs the module `hydra_plugins.hydra_submitit")
    assert answer.stderr.endswith("install it with `pip install -e '.[slurm]'`\n")
    assert not (project.root / "mlflow.db").exists()


def test_without_slurm_the_launcher_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    needs_submitit()
    monkeypatch.setenv("PATH", "")
    with pytest.raises(ClusterError, match="must be chosen on a machine that has SLURM's `sbatch`"):
        make_launcher(PARAMS)


def test_a_store_in_a_file_is_refused_for_slurms_machines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    needs_submitit()
    (tmp_path / "sbatch").touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    with pytest.raises(ClusterError, match="must be the address of a tracking server"):
        make_launcher(PARAMS)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://tracking:5000")
    assert type(make_launcher(PARAMS)).__name__ == "SlurmLauncher"


def test_a_job_that_slurm_lost_is_one_line() -> None:
    needs_submitit()
    from submitit.core.utils import UncompletedJobError

    lost, said = "Job 7 (task: 0) has not produced any output", r"a job was lost \(Job 7 .* in a/.submitit\. .*`squeue`"
    with pytest.raises(JobFailedError, match=said), explaining_lost_jobs("a/.submitit/%j"):
        raise UncompletedJobError(f"{lost}\nmore")
    with pytest.raises(RuntimeError, match="another"), explaining_lost_jobs("a/.submitit/%j"):
        raise RuntimeError("another")


@pytest.mark.long
@pytest.mark.timeout(1200)
def test_jobs_of_an_array_give_the_bits_of_one_alone_and_one_that_diverges_fails_the_sweep(
    tmp_path: Path, mnist_file: Path
) -> None:
    needs_submitit()
    project = Project.copied_to(tmp_path / "a project", mnist_file)
    alone = project.train(*TINY, QUIET, "seed=2", f"{WEIGHT}=2.0", extra=THREADS).finish()
    assert alone.returncode == 0, alone.stderr
    launcher = ("hydra/launcher=slurm", "hydra.launcher.executor=local")
    sweep = project.train("--multirun", *TINY, QUIET, "seed=2", f"{WEIGHT}=2.0,1e39", *launcher, extra=THREADS).finish()
    assert (sweep.returncode, sweep.stderr.count("error: 1 of 2 jobs failed")) == (1, 1)
    (parent,) = project.tracked("sweep")
    first, *jobs = project.tracked("training")
    ended = {job.data.params[WEIGHT]: job for job in jobs}
    assert parent.info.status == "FAILED"
    assert {weight: job.info.status for weight, job in ended.items()} == {"2.0": "FINISHED", "1e+39": "FAILED"}
    assert {job.data.tags["mlflow.parentRunId"] for job in jobs} == {parent.info.run_id}
    folders = {metadata_of(one / "models")["run_id"]: one for one in project.folders()}
    states = [folders[one.info.run_id] / "models" / "state.npz" for one in (first, ended["2.0"])]
    assert states[0].read_bytes() == states[1].read_bytes()
