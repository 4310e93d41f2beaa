"""The page on stored sweeps: `python -m pipeline.compare` in a real tracking store."""

import html
import re
from pathlib import Path

import pytest

from pipeline.compare import compare
from pipeline.rendering.comparison import COMPARED, RULE, UNCOMPARED
from pipeline.tracking.runs import Run, RunDescription
from pipeline.tracking.store import Store, connect
from tests.sweeps.conftest import CallTrain
from tests.sweeps.stored import store_sweep

pytestmark = pytest.mark.slow

ROW = re.compile(r'<th scope="row">(.*?)</th>(.*?)</tr>')


@pytest.fixture(scope="module")
def sweeps(store: Store) -> list[str]:
    """Two sweeps of which the second goes on with the values of the first."""
    return [store_sweep(store, 0.7, 0.8), store_sweep(store, 0.9)]


def page(call_train: CallTrain, path: Path, *runs: str) -> str:
    answer = call_train(compare, f"runs={','.join(runs)}", f"to={path.as_posix()}", module="pipeline.compare")
    assert answer == (0, answer[1], "")
    assert f"the comparison: {path}" in answer[1]
    return html.unescape(path.read_text(encoding="utf-8"))


def rows(text: str, heading: str) -> dict[str, list[str]]:
    _, _, section = text.partition(f">{heading}</h2>")
    found = ROW.findall(section.partition("</section>")[0])
    return {name: re.findall("<td>(.*?)</td>", cells) for name, cells in found}


def headings(text: str) -> list[str]:
    return re.findall(r"<h2[^>]*>(.*?)</h2>", text)


def test_two_sweeps_are_compared_as_one_with_intervals_and_the_best(
    call_train: CallTrain, store: Store, sweeps: list[str], tmp_path: Path
) -> None:
    shown = page(call_train, tmp_path / "a.html", *sweeps)
    assert rows(shown, "Settings") == {
        **{
            f"real={value}": [f"{value}000 ± 0.0099", "2.0000 ± 0.0099", "0.8000 ± 0.0497", "3"] for value in (0.7, 0.8)
        },
        "real=0.9": ["0.9000 ± 0.0099", "2.0000 ± 0.0099", "0.8000 ± 0.0497", "3"],
        "real digits": ["0.9900", "0.2500", "0.9600", ""],
    }
    assert COMPARED in shown
    assert RULE in shown
    assert rows(shown, "The best setting") == {
        "accuracy": ["best with real=0.9, significantly better than all others"],
        "Fréchet digit distance": ["no significant difference"],
        "coverage": ["no significant difference"],
    }
    assert len(rows(shown, "Runs")) == 10
    ids = [cells[-1] for name, cells in rows(shown, "Runs").items() if name != "real digits"]
    address = "http://127.0.0.1:5000/#/experiments/{}/runs/{}?workflowType=machine_learning"
    run_ids = re.findall(r">([0-9a-f]{32})<", "".join(ids))
    assert ids == [f'<a href="{address.format(store.experiment_id, one)}">{one}</a>' for one in run_ids]
    assert all(store.knows(one) for one in run_ids)
    assert f"runs={','.join(sweeps)}" in shown
    assert "Marked smoke: not a real result." in shown


def test_other_data_than_mnist_are_not_called_digits(call_train: CallTrain, store: Store, tmp_path: Path) -> None:
    clothes = store_sweep(store, 0.7, others=("data.source=folder:clothes", "data.name=clothes"))
    shown = page(call_train, tmp_path / "a.html", clothes)
    assert "real images" in rows(shown, "Settings")
    assert "real digits" not in shown


def test_each_measure_and_the_samples_of_each_seed_have_a_picture(
    call_train: CallTrain, sweeps: list[str], tmp_path: Path
) -> None:
    shown = page(call_train, tmp_path / "a.html", *sweeps)
    assert headings(shown) == [
        *("Settings", "The best setting"),
        "Accuracy against coverage, beside them Fréchet digit distance",
        *("Accuracy of each setting", "Fréchet digit distance of each setting", "Coverage of each setting"),
        *("Samples, seed 0", "Samples, seed 1", "Samples, seed 2", "Runs", "How to make this page again"),
    ]
    assert shown.count("data:image/png;base64,") == 7
    assert "http" not in re.sub('<a href="http://127.0.0.1:5000/#[^"]*">', "", shown)


def test_a_single_training_beside_a_sweep_is_a_setting_and_one_that_is_named_twice_counts_once(
    call_train: CallTrain, sweeps: list[str], store: Store, tmp_path: Path
) -> None:
    found = store.client.search_runs([store.experiment_id], f"tags.`mlflow.parentRunId` = '{sweeps[1]}'")
    one = str(found[0].info.run_id)
    shown = page(call_train, tmp_path / "a.html", sweeps[0], one, one)
    assert rows(shown, "Settings")["real=0.9"][-1] == "1"
    left_out = "not compared for want of seeds: real=0.9"
    assert rows(shown, "The best setting") == {
        "accuracy": [f"best with real=0.8, significantly better than all others compared; {left_out}"],
        "Fréchet digit distance": [f"no significant difference; {left_out}"],
        "coverage": [f"no significant difference; {left_out}"],
    }
    assert "7 of 7 runs" in shown
    alone = page(call_train, tmp_path / "b.html", one)
    assert UNCOMPARED in alone
    assert rows(alone, "The best setting") == {}


def test_what_did_not_finish_keeps_its_row_and_counts_for_nothing(
    call_train: CallTrain, store: Store, tmp_path: Path
) -> None:
    shown = page(call_train, tmp_path / "a.html", store_sweep(store, 0.7, 0.8, unfinished=[4]))
    assert rows(shown, "Settings")["real=0.8"][-1] == "2"
    assert rows(shown, "Runs")["acgan soft_label.real=0.8 seed=1 smoke"][0] == "KILLED"
    assert "5 of 6 runs" in shown


def test_a_page_is_not_overwritten_without_force(call_train: CallTrain, sweeps: list[str], tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text("mine", encoding="utf-8")
    words = (f"runs={sweeps[1]}", f"to={(tmp_path / 'a.html').as_posix()}")
    status, _, complained = call_train(compare, *words, module="pipeline.compare")
    assert (status, complained.count("\n")) == (2, 1)
    assert "`to` must be new, or add force=true" in complained
    assert call_train(compare, *words, "force=true", module="pipeline.compare")[0] == 0


def test_without_a_name_the_page_lies_among_the_runs(call_train: CallTrain, sweeps: list[str], store: Store) -> None:
    written = Path(store.uri.removeprefix("sqlite:///")).parent / "runs" / "compare.html"
    assert call_train(compare, f"runs={sweeps[1]}", module="pipeline.compare")[0] == 0
    assert written.is_file()
    written.unlink()


def refused(call_train: CallTrain, *runs: str) -> str:
    status, shown, complained = call_train(compare, f"runs={','.join(runs)}", module="pipeline.compare")
    assert (status, shown, complained.count("\n")) == (2, "", 1)
    return complained


@pytest.fixture(scope="module")
def others(store: Store) -> dict[str, str]:
    """Runs that do not compare with a sweep of the AC-GAN."""
    root = Path(store.uri.removeprefix("sqlite:///")).parent
    tags = {"kind": "sweep", "family": "vae"}
    of_vae = Run(
        connect(family="vae", experiment="mnist", root=root),
        RunDescription(name="vae", tags=tags),
        system_metrics=False,
    )
    judge = Run(store, RunDescription(name="judge", tags={"kind": "judge", "family": "judge"}), system_metrics=False)
    return {
        "an id": "ab,cd",
        "unknown": "f" * 32,
        "of the VAE": of_vae.run_id,
        "a judge": judge.run_id,
        "unfinished": store_sweep(store, 0.7, seeds=[0], unfinished=[0]),
        "other judge": store_sweep(store, 0.7, seeds=[0], judge="e5"),
    }


@pytest.mark.parametrize(
    ("one", "said"),
    [
        (
            "an id",
            "`runs` must be ids of runs in MLflow, 32 hexadecimal digits each, as in runs=ID,ID. Received: ab, cd",
        ),
        ("unknown", f"`runs` must be runs of this tracking store. Received: {'f' * 32} in sqlite:///"),
        ("of the VAE", "`runs` must be of one family of models. Received: acgan, vae"),
        ("a judge", "which is judge"),
        ("other judge", "`runs` must be judged by one judge. Received: judge.digest d4 (acgan soft_label.real=0.9"),
    ],
)
def test_runs_that_do_not_compare_are_refused_in_one_line(
    one: str, said: str, others: dict[str, str], sweeps: list[str], call_train: CallTrain
) -> None:
    assert said in refused(call_train, *sweeps, others[one])


def test_a_sweep_of_which_nothing_has_finished_and_no_sweep_at_all_are_refused(
    others: dict[str, str], call_train: CallTrain
) -> None:
    assert "`runs` must have a finished training" in refused(call_train, others["unfinished"])
    assert "as in runs=ID,ID. Received: none" in refused(call_train)
