import os
import re
import shlex
import shutil
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import pytest

from pipeline.settings.paths import ROOT
from pipeline.tracking import first_answer
from pipeline.tracking.errors import TrackingError
from pipeline.tracking.runs import Run, RunDescription
from pipeline.tracking.store import Store, connect, default_uri

OLDER_SCHEMA = "0c779009ac13"
TWO_AT_ONCE = """
import sys
from pathlib import Path
from pipeline.tracking.store import connect
print(connect(family="acgan", experiment="digits", root=Path(sys.argv[1])).experiment_id)
"""


def test_the_experiment_is_named_after_setting_and_family(store: Store) -> None:
    assert store.experiment == "digits-acgan"


def test_artifacts_lie_beside_the_store_in_a_path_with_a_space(store: Store, root: Path) -> None:
    with Run(store, RunDescription(name="a"), system_metrics=False) as run:
        run.text("hello", "notes/hello.txt")
    (file,) = (root / "mlartifacts" / "digits-acgan").rglob("hello.txt")
    assert file.read_text() == "hello"


@pytest.mark.parametrize("folder", ["100% sure", "why?", "größe #1", "a%20b"])
def test_odd_characters_in_the_path_are_taken_as_they_are(migrated: Path, tmp_path: Path, folder: str) -> None:
    root = tmp_path / folder
    root.mkdir()
    shutil.copy(migrated, root)
    connect(family="vae", experiment="digits", root=root)
    assert {path.name for path in root.iterdir()} == {"mlflow.db", "mlartifacts"}
    assert (root / "mlflow.db").read_bytes() != migrated.read_bytes()


def test_connecting_twice_gives_the_same_experiment(store: Store, root: Path) -> None:
    assert connect(family="acgan", experiment="digits", root=root).experiment_id == store.experiment_id


def test_each_family_has_its_own_experiment(store: Store, root: Path) -> None:
    assert connect(family="vae", experiment="digits", root=root).experiment_id != store.experiment_id


def test_a_deleted_experiment_is_refused_with_the_command_that_restores_it(store: Store, root: Path) -> None:
    store.client.delete_experiment(store.experiment_id)
    with pytest.raises(TrackingError, match=f"restore --experiment-id {store.experiment_id}") as refused:
        connect(family="acgan", experiment="digits", root=root)
    assert "\n" not in str(refused.value)


def test_a_file_that_is_no_store_is_refused_at_once(tmp_path: Path) -> None:
    (tmp_path / "mlflow.db").write_text("this is no database, whatever its name says" * 10)
    start = time.monotonic()
    with pytest.raises(TrackingError, match=r"mlflow\.db.*put it aside with `mv .*not a database"):
        connect(family="acgan", experiment="digits", root=tmp_path)
    assert time.monotonic() - start < 30


def test_a_store_that_was_cut_off_is_refused_with_the_command_that_puts_it_aside(root: Path) -> None:
    os.truncate(root / "mlflow.db", 5000)
    with pytest.raises(TrackingError, match=r"put it aside with `mv .*malformed") as refused:
        connect(family="acgan", experiment="digits", root=root)
    assert "chmod" not in str(refused.value)


def test_a_store_that_another_process_holds_is_refused_as_such(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.tracking.schema._PATIENCE_SECONDS", 0.1)
    os.utime(root / "mlflow.db", (1, 1))  # a fresh one would be waited for
    with closing(sqlite3.connect(root / "mlflow.db", isolation_level=None)) as holder:
        holder.execute("BEGIN EXCLUSIVE")
        with pytest.raises(TrackingError, match=r"another process holds it: try again later.*locked") as refused:
            connect(family="acgan", experiment="digits", root=root)
    assert "chmod" not in str(refused.value)


@pytest.mark.skipif(os.name == "nt", reason="limits of files are POSIX's")
def test_a_store_on_a_full_disk_is_refused_as_such(root: Path) -> None:
    code = (
        "import resource, signal, sys; from pathlib import Path; from pipeline.tracking.store import connect\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN); resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))\n"
        "connect(family='acgan', experiment='digits', root=Path(sys.argv[1]))\n"
    )
    answer = subprocess.run([sys.executable, "-c", code, root], cwd=ROOT, capture_output=True, text=True, check=False)
    line = answer.stderr.splitlines()[-1]
    assert re.search(r"mlflow\.db.*the disk may be full: make room on it and try again. Received: ", line)
    assert "chmod" not in line


def test_an_address_of_a_server_without_its_scheme_is_told_to_have_one(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "127.0.0.1:5000")
    with pytest.raises(TrackingError, match=r"must begin with http:// or https://\. Received: 127\.0\.0\.1:5000$"):
        connect(family="acgan", experiment="digits", root=root)


def set_schema(file: Path, revision: str) -> None:
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = ?", (revision,))
    # A file that has just changed may be one that another process is creating, which is waited for.
    os.utime(file, (1, 1))


def test_a_store_of_a_newer_mlflow_is_refused_with_a_command_that_works_as_printed(root: Path) -> None:
    set_schema(root / "mlflow.db", "ffffffffffff")
    with pytest.raises(TrackingError, match="is of a newer MLflow than") as refused:
        connect(family="acgan", experiment="digits", root=root)
    assert "\n" not in str(refused.value)
    (command,) = re.findall(r"`(mv [^`]*)`", str(refused.value))
    subprocess.run(command, shell=True, check=True, cwd="/")
    assert {file.name for file in root.iterdir()} >= {"mlflow-aside.db"}
    assert not (root / "mlflow.db").exists()


@pytest.mark.long
def test_a_store_of_an_older_mlflow_is_refused_with_a_command_that_works_as_printed(root: Path) -> None:
    set_schema(root / "mlflow.db", OLDER_SCHEMA)
    with pytest.raises(TrackingError, match="of an older MLflow") as refused:
        connect(family="acgan", experiment="digits", root=root)
    assert "\n" not in str(refused.value)
    (command,) = re.findall(r"`(mlflow [^`]*)`", str(refused.value))
    assert shlex.split(command) == ["mlflow", "db", "upgrade", default_uri(root)]


@pytest.mark.slow
def test_a_store_whose_tables_are_broken_is_one_line_that_names_it(root: Path) -> None:
    with closing(sqlite3.connect(root / "mlflow.db")) as connection, connection:
        for table in ("alembic_version", "metrics"):
            connection.execute(f"DROP TABLE {table}")
    os.utime(root / "mlflow.db", (1, 1))
    with pytest.raises(TrackingError, match=r"mlflow\.db` must be a store of the installed MLflow") as refused:
        connect(family="acgan", experiment="digits", root=root)
    assert "\n" not in str(refused.value)


def test_a_folder_in_the_place_of_the_store_is_one_line_that_names_it(tmp_path: Path) -> None:
    (tmp_path / "mlflow.db").mkdir()
    with pytest.raises(TrackingError, match=r"mlflow\.db` must be an SQLite file") as refused:
        connect(family="acgan", experiment="digits", root=tmp_path)
    assert "\n" not in str(refused.value)


class Clock:
    """A clock that waiting alone moves."""

    now = 0.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def test_a_server_that_is_not_there_is_refused_in_one_line_and_bounded_time(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        uri = f"http://127.0.0.1:{unused.getsockname()[1]}"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    clock = Clock()
    monkeypatch.setattr(first_answer, "time", clock)
    with pytest.raises(TrackingError, match=f"MLFLOW_TRACKING_URI.*{uri}") as refused:
        connect(family="acgan", experiment="digits", root=root)
    assert clock.now == 31
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("error", [ConnectionRefusedError, TimeoutError])
def test_a_databases_server_is_waited_for_whether_it_refuses_or_is_silent(
    error: type[OSError], monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_answer(*_: object, **__: object) -> None:
        raise error

    clock = Clock()
    monkeypatch.setattr(first_answer, "time", clock)
    monkeypatch.setattr("socket.create_connection", no_answer)
    with pytest.raises(error):
        first_answer.await_database("postgresql://a@127.0.0.1:1/b")
    assert clock.now == 31


def test_the_default_store_named_by_the_environment_is_still_the_default_store(
    store: Store, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", default_uri(root))
    again = connect(family="vae", experiment="digits", root=root)
    location = again.client.get_experiment(again.experiment_id).artifact_location
    assert location == (root / "mlartifacts" / "digits-vae").as_uri()


@pytest.mark.parametrize(
    "spell",
    [
        lambda file: f"sqlite:///{file.name}",
        lambda file: f"sqlite:///./{file.name}",
        lambda file: f"sqlite:///../{file.parent.name}/{file.name}",
        lambda file: f"sqlite:///{file}?timeout=5",
        lambda file: f"sqlite+pysqlite:///{file}",
        lambda file: f"sqlite:///file:{file}?uri=true",
        lambda file: f"sqlite:///{quote(str(file))}",
        lambda file: f"SQLite:///{file}",
        lambda file: f"sqlite:///{file.parent.parent / 'another name' / file.name}",
    ],
)
def test_the_default_store_is_known_however_it_is_spelt(
    spell: Callable[[Path], str], root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (root.parent / "another name").symlink_to(root)
    monkeypatch.chdir(root)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", spell(root / "mlflow.db"))
    store = connect(family="vae", experiment="digits", root=root)
    location = store.client.get_experiment(store.experiment_id).artifact_location
    assert location == (root / "mlartifacts" / "digits-vae").as_uri()


MISSING = {
    "postgresql://me@127.0.0.1/a": "`psycopg`: install it with `pip install 'psycopg[binary]'`",
    "postgresql+psycopg2://me@127.0.0.1/a": "`psycopg2`: install it with `pip install psycopg2-binary`",
    "mysql://127.0.0.1/a": "`MySQLdb`: install it with `pip install mysqlclient`",
    "mysql+pymysql://127.0.0.1/a": "`pymysql`: install it with `pip install pymysql`",
    "mssql://127.0.0.1/a": "`pyodbc`: install it with `pip install pyodbc`",
    "mssql+pymssql://127.0.0.1/a": "`pymssql`: install it with `pip install pymssql`",
    "sqlite+aiosqlite:///a.db": "`aiosqlite`: install it with `pip install aiosqlite`",
}


@pytest.mark.parametrize("uri", MISSING)
def test_a_store_whose_library_is_missing_is_refused_with_what_to_install(
    uri: str, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, MISSING[uri].split("`")[1], None)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    with pytest.raises(TrackingError, match=re.escape(f"needs the module {MISSING[uri]}. Received: {uri}")):
        connect(family="acgan", experiment="digits", root=root)


@pytest.mark.parametrize("scheme", ["s3", "gs", "wasbs", "abfss", "sftp"])
def test_artifacts_whose_library_is_missing_are_refused_with_what_to_install(
    scheme: str, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    libraries = {"s3": "boto3", "gs": "google.cloud", "wasbs": "azure", "abfss": "azure", "sftp": "pysftp"}
    monkeypatch.setitem(sys.modules, libraries[scheme], None)
    place = f"{scheme}://box@account.blob.core.windows.net/a" if libraries[scheme] == "azure" else f"{scheme}://box/a"
    elsewhere = store.client.create_experiment(scheme, artifact_location=place)
    run = Run(replace(store, experiment_id=elsewhere), RunDescription(name="a"), system_metrics=False)
    with pytest.raises(TrackingError, match=r"needs the module `.*`: install it with `pip install .*`\. ") as refused:
        run.text("hello", "hello.txt")
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("uri", ["mysql+nodriver://127.0.0.1/a", "postgresql://[bad", "postgres://127.0.0.1/a"])
def test_an_address_that_names_no_store_is_one_line(uri: str, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    with pytest.raises(TrackingError, match=re.escape(uri)) as refused:
        connect(family="acgan", experiment="digits", root=root)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("uri", ["postgresql://me:se/cret@127.0.0.1:1/a", "mssql://:secret@h.invalid/a"])
def test_a_database_that_does_not_answer_is_one_line_without_its_password(
    uri: str, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Left to MLflow it would take 102 seconds, more than the test may.
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    monkeypatch.setattr(first_answer, "_PATIENCE_SECONDS", 1.0)
    with pytest.raises(TrackingError, match="must answer and accept|needs the module") as refused:
        connect(family="acgan", experiment="digits", root=root)
    assert not re.search("cret|\n", str(refused.value))


def test_another_store_decides_where_its_artifacts_go(
    migrated: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copy(migrated, tmp_path / "other.db")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{(tmp_path / 'other.db').as_posix()}")
    store = connect(family="vae", experiment="digits", root=tmp_path)
    assert "mlartifacts" not in store.client.get_experiment(store.experiment_id).artifact_location


def test_a_store_that_cannot_be_written_in_a_moved_folder_is_one_line(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise sqlite3.OperationalError("attempt to write a readonly database")

    monkeypatch.setattr("pipeline.tracking.store.follow_moved_folder", refuse)
    with pytest.raises(TrackingError, match="readonly database"):
        connect(family="acgan", experiment="digits", root=root)


def test_a_run_unknown_to_the_store_is_not_known(store: Store) -> None:
    assert not store.knows("0" * 32)


def test_a_setting_that_a_run_logged_is_given_as_it_was_written(store: Store) -> None:
    with Run(store, RunDescription(name="a", parameters={"judge": {"images": 2000}}), system_metrics=False) as run:
        pass
    assert store.parameter(run.run_id, "judge.images") == "2000"
    assert store.parameter(run.run_id, "judge.pictures") is None
    with pytest.raises(TrackingError, match="must answer and accept"):
        store.parameter("f" * 32, "judge.images")


def test_a_deleted_run_is_not_known(store: Store) -> None:
    with Run(store, RunDescription(name="a"), system_metrics=False) as run:
        assert store.knows(run.run_id)
    store.client.delete_run(run.run_id)
    assert not store.knows(run.run_id)


@pytest.mark.parametrize("experiment", ["digits", "my digits, 100 %"])
def test_a_moved_project_keeps_its_artifacts_and_writes_to_its_new_place(
    experiment: str, store: Store, root: Path
) -> None:
    store = connect(family="acgan", experiment=experiment, root=root)
    with Run(store, RunDescription(name="before"), system_metrics=False) as before:
        before.text("kept", "note.txt")
    moved_root = root.rename(root.with_name("elsewhere"))
    moved = connect(family="acgan", experiment=experiment, root=moved_root)
    with Run(moved, RunDescription(name="after"), system_metrics=False) as after:
        after.text("new", "note.txt")
    assert Path(moved.client.download_artifacts(before.run_id, "note.txt")).read_text() == "kept"
    assert sorted(path.read_text() for path in moved_root.rglob("note.txt")) == ["kept", "new"]
    assert not root.exists()


@pytest.mark.slow
def test_two_processes_that_make_the_store_at_once_share_one_experiment(tmp_path: Path) -> None:
    command = [sys.executable, "-c", TWO_AT_ONCE, str(tmp_path)]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    answers = [process.communicate(timeout=120)[0].strip() for process in both]
    assert answers[0] == answers[1] != ""
