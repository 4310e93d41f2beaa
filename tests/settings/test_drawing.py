"""What may be asked to be drawn, and where it may go."""

import re
from pathlib import Path

import pytest

from pipeline.settings.composed import Settings
from pipeline.settings.drawing import WHAT, DrawingRequest, check_target, classes_asked_for
from pipeline.settings.errors import PipelineError, SettingsError
from pipeline.settings.images import DIGITS, ImageFormat
from pipeline.settings.overrides import compose_settings, quote_texts
from pipeline.training.family import find_family


def typed(*words: str) -> Settings:
    """The settings of `python -m pipeline.render` with these words."""
    return compose_settings(quote_texts(words))


def test_digits_keep_their_leading_zeros_and_a_walk_its_colon() -> None:
    settings = typed("digits=007", "to=a.png")
    assert (settings.digits, settings.to) == ("007", Path("a.png"))
    assert classes_asked_for(typed("walk=3:8", "to=a.gif"), DIGITS) == (3, 8)
    assert classes_asked_for(settings, DIGITS) == (0, 0, 7)


def test_what_is_asked_for_has_a_name() -> None:
    assert typed("digit=7", "count=100", "to=sevens").requested == ("digit", "count")
    assert typed().requested == ()


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["digits=", "to=a.png"], "`digits` must be digits, as in digits=31415. Received: "),
        (["walk=3-8", "to=a.gif"], "`walk` must be two digits, as in walk=3:8. Received: 3-8"),
        (["count=0", "to=a.png"], "`count` must be greater than or equal to 1. Received: 0"),
        (["digits=31", "count=3", "to=a"], "`digits` says what to draw, and so does count: leave one of them out"),
        (["digit=3", "walk=1:2", "to=a"], "`walk` says what to draw, and so does digit: leave one of them out"),
        (["walk=3:8", "count=1", "to=a.gif"], "`count` must be 2 or more of a walk, for its two ends. Received: 1"),
        (["digits=31"], "`to` must name a file or a folder to draw `digits` to, as in to=digits.png"),
        (
            ["to=a.png"],
            "`to` needs what to draw (digits=31415, digit=7, count=100, walk=3:8) or to compare (runs=)",
        ),
        (["runs=ab,cd", "to=a.png"], "`to` must end in .html, since `runs` makes a page. Received: a.png"),
        (
            ["runs=ab", "digit=3", "to=a.html"],
            "`runs` says what to compare, and `digit` what to draw: leave one of them out",
        ),
        (["count=3", "to=a.jpg"], "`to` must end in .png, .gif, .npz, or name a folder. Received: a.jpg"),
        (
            ["model=vae", "digits=31", "to=a"],
            "`digits` must be what vae draws on request (count): choose another model=",
        ),
        (
            ["model=autoencoder", "count=3", "to=a"],
            "`count` must be what autoencoder draws on request (none): choose another model=",
        ),
    ],
)
def test_what_makes_no_sense_is_refused_with_the_reason(words: list[str], reason: str) -> None:
    with pytest.raises(SettingsError) as refused:
        typed(*words)
    assert str(refused.value) == reason


CLOTHES = ImageFormat(size=28, channels=1, names=("bag", "ankle boot", *map(str, range(20, 31))))


@pytest.mark.parametrize(
    ("words", "format", "classes"),
    [
        (["digits=bag:ankle boot:2"], CLOTHES, (0, 1, 2)),
        (["digits=ankle boot"], CLOTHES, (1,)),
        (["digits=10"], CLOTHES, (1, 0)),
        (["digits=12:0"], CLOTHES, (12, 0)),
        (["digits=20:30"], CLOTHES, (2, 12)),
        (["digit=bag", "count=3"], CLOTHES, (0,)),
        (["digit=12"], CLOTHES, (12,)),
        (["walk=bag:20"], CLOTHES, (0, 2)),
        (["count=3"], CLOTHES, ()),
    ],
)
def test_classes_are_asked_for_by_name_or_place(
    words: list[str], format: ImageFormat, classes: tuple[int, ...]
) -> None:
    assert classes_asked_for(typed(*words, "to=a"), format) == classes


@pytest.mark.parametrize(
    ("words", "format", "reason"),
    [
        (["digits=31a"], DIGITS, "`digits` must be a digit from 0 to 9. Received: 31a"),
        (["digits=٣"], DIGITS, "`digits` must be a digit from 0 to 9. Received: ٣"),
        (["digit=٣"], DIGITS, "`digit` must be a digit from 0 to 9. Received: ٣"),
        (["digit=10"], DIGITS, "`digit` must be a digit from 0 to 9. Received: 10"),
        (["walk=3:hat"], DIGITS, "`walk` must be a digit from 0 to 9. Received: hat"),
        (["digit=hat"], CLOTHES, "`digit` must be a class from 0 to 12, or one of bag, ankle boot, 20"),
        (["digits=13:bag"], CLOTHES, "Received: 13"),
    ],
)
def test_a_class_that_there_is_not_is_refused(words: list[str], format: ImageFormat, reason: str) -> None:
    with pytest.raises(SettingsError, match=re.escape(reason)):
        classes_asked_for(typed(*words, "to=a"), format)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["acgan", "autoencoder", "vae"])
def test_a_family_draws_what_its_settings_say(name: str) -> None:
    family, settings = find_family(name), typed(f"model={name}")
    can = {"digits": family.ask, "digit": family.ask, "count": family.generate, "walk": family.walk}
    assert {what for what in WHAT if can[what] is not None} == set(settings.model.draws)


def test_more_digits_than_a_number_has_are_no_class() -> None:
    with pytest.raises(SettingsError, match="`digit` must be a digit from 0 to 9"):
        classes_asked_for(typed(f"digit={'9' * 5000}", "to=a"), DIGITS)


def request_to(path: Path, *, force: bool = False) -> DrawingRequest:
    return DrawingRequest(digits="3", to=path, force=force)


def test_a_new_file_and_a_new_or_empty_folder_may_be_drawn_to(tmp_path: Path) -> None:
    for path in (tmp_path / "a.png", tmp_path / "new" / "folder", tmp_path):
        assert check_target(request_to(path)) == path


def test_nothing_is_overwritten_without_force(tmp_path: Path) -> None:
    file = tmp_path / "a.png"
    file.write_text("mine", encoding="utf-8")
    for path in (file, tmp_path):
        with pytest.raises(SettingsError, match="`to` must be new, or add force=true to replace its files"):
            check_target(request_to(path))
        assert check_target(request_to(path, force=True)) == path


def test_a_place_that_cannot_be_written_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    for path in (tmp_path / "file" / "a.png", tmp_path / "file" / "new" / "folder"):
        with pytest.raises(SettingsError, match="`to` must be in a folder that can be written. Received: .*/file$"):
            check_target(request_to(path))
    monkeypatch.setattr("os.access", lambda *_: False)
    for path in (tmp_path / "new" / "a.png", tmp_path / "new"):
        with pytest.raises(SettingsError, match="`to` must be in a folder that can be written"):
            check_target(request_to(path))


TOO_LONG = Path("a" * 300, "b")


def test_a_path_that_is_too_long_is_one_line() -> None:
    with pytest.raises(PipelineError, match=r"^a+ cannot be used: File name too long$"):
        check_target(request_to(TOO_LONG.parent))


def test_a_file_in_place_of_a_folder_and_a_folder_in_place_of_a_file_are_refused(tmp_path: Path) -> None:
    file, folder = tmp_path / "a", tmp_path / "b.png"
    file.write_text("mine", encoding="utf-8")
    folder.mkdir()
    for path, kind in ((file, "a folder"), (folder, "a file")):
        with pytest.raises(SettingsError, match=f"`to` must name {kind}"):
            check_target(request_to(path, force=True))
