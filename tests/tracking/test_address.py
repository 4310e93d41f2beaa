"""Where a browser shows a run."""

import pytest

from pipeline.tracking.address import page_of, without_password
from pipeline.tracking.errors import TrackingError

LOCAL = "http://127.0.0.1:5000/#/experiments/3/runs/ab?workflowType=machine_learning (while `make ui` runs)"


@pytest.mark.parametrize(
    ("uri", "page"),
    [
        ("sqlite:////home/a b/mlflow.db", LOCAL),
        ("postgresql+psycopg://ann:secret@host/mlflow", LOCAL),
        ("http://host:5001", "http://host:5001/#/experiments/3/runs/ab?workflowType=machine_learning"),
        ("https://ann:se@cret@host/ml/", "https://host/ml/#/experiments/3/runs/ab?workflowType=machine_learning"),
    ],
)
def test_a_runs_page_is_on_its_own_server_or_on_that_which_make_ui_starts_without_a_password(
    uri: str, page: str
) -> None:
    assert page_of(uri, "3", "ab") == page


def test_an_experiments_page_lists_its_runs() -> None:
    assert page_of("http://host", "3") == "http://host/#/experiments/3?workflowType=machine_learning"


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("postgresql://host/a?user=ann&password=se/cr@t&x=1", "postgresql://host/a?user=ann&password=***&x=1"),
        ("mysql://host/a?passwd=secret", "mysql://host/a?passwd=***"),
        ("postgresql://host/a?sslpassword=secret", "postgresql://host/a?sslpassword=***"),
        ("https://token@host/ml", "https://***@host/ml"),
        ("postgresql://ann@host/a", "postgresql://ann@host/a"),
        ("http://host/a@b", "http://host/a@b"),
    ],
)
def test_a_password_behind_the_address_and_a_token_before_it_are_hidden(address: str, shown: str) -> None:
    assert without_password(f"Received: {address} here") == f"Received: {shown} here"


def test_no_error_of_a_store_has_its_password() -> None:
    error = TrackingError("Received: postgresql://ann:se/cr@t@db:5432/runs and http://bob:other@host/")
    assert str(error) == "Received: postgresql://ann:***@db:5432/runs and http://bob:***@host/"
