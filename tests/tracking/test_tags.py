import subprocess
from pathlib import Path

import pytest

from pipeline.tracking.tags import committed_file, environment_tags


def git(root: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
    subprocess.run(["git", "-C", str(root), *identity, *arguments], check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("DVC_STAGE", "DVC_EXP_NAME", "GIT_DIR", "GIT_WORK_TREE"):
        monkeypatch.delenv(name, raising=False)
    git(tmp_path, "init", "--initial-branch=trunk")
    return tmp_path


def commit(root: Path) -> None:
    for name in ("file", "params.yaml"):
        (root / name).write_text("a")
        git(root, "add", name)
    git(root, "commit", "-m", "a")


def test_a_committed_tree_is_clean_and_names_its_commit(repository: Path) -> None:
    commit(repository)
    tags = environment_tags(repository)
    assert len(tags["git.commit"]) == 40
    assert tags["git.dirty"] == "false"
    assert tags["mlflow.source.git.branch"] == "trunk"
    assert "dvc.stage" not in tags


@pytest.mark.parametrize(
    ("changed", "dirty"),
    [
        ("file", "false"),
        ("params.yaml", "true"),
        ("pipeline/new.py", "true"),
        ("hydra_plugins/new.py", "true"),
        ("notes", "false"),
    ],
)
def test_changed_settings_and_new_code_make_the_tree_dirty_and_nothing_else_does(
    repository: Path, changed: str, dirty: str
) -> None:
    commit(repository)
    (repository / changed).parent.mkdir(exist_ok=True)
    (repository / changed).write_text("b")
    assert environment_tags(repository)["git.dirty"] == dirty


def test_a_committed_file_is_had_as_it_was_committed(repository: Path) -> None:
    commit(repository)
    (repository / "file").write_text("b")
    assert committed_file(repository, "file") == "a"
    assert committed_file(repository, "nothing") is None


def test_a_detached_head_has_a_commit_and_no_branch(repository: Path) -> None:
    commit(repository)
    git(repository, "checkout", "--detach")
    tags = environment_tags(repository)
    assert len(tags["git.commit"]) == 40
    assert "mlflow.source.git.branch" not in tags


def test_before_the_first_commit_and_outside_git_all_is_unknown(
    repository: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    unknown = {"git.commit": "unknown", "git.dirty": "unknown"}
    assert environment_tags(repository) == unknown
    assert environment_tags(tmp_path_factory.mktemp("bare")) == unknown


def test_code_that_lies_in_another_repository_has_no_commit_of_it(repository: Path) -> None:
    commit(repository)
    installed = repository / ".venv" / "site-packages"
    installed.mkdir(parents=True)
    (installed / "params.yaml").write_text("a")
    assert environment_tags(installed) == {"git.commit": "unknown", "git.dirty": "unknown"}


def test_dvc_names_its_stage_and_experiment(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DVC_STAGE", "train@acgan")
    monkeypatch.setenv("DVC_EXP_NAME", "sunny-owl")
    tags = environment_tags(repository)
    assert tags["dvc.stage"] == "train@acgan"
    assert tags["dvc.experiment"] == "sunny-owl"
