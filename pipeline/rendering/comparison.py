"""The settings of a sweep side by side, each with its mean and interval over seeds."""

from collections.abc import Collection, Mapping, Sequence

from rich.table import Table

from pipeline.data.keys import Key
from pipeline.data.rows import Row
from pipeline.evaluation.ahead import Ahead, find_ahead
from pipeline.evaluation.intervals import FEWEST_SEEDS, Estimate
from pipeline.evaluation.seeds import Setting, can_compare, with_enough_seeds
from pipeline.rendering.spelling import spell
from pipeline.rendering.tables import REAL_DIGITS, number, sweep_table

UNCOMPARED = (
    f"Fewer than {FEWEST_SEEDS} seeds of each setting have finished, so no setting can be called better than another: "
    "train more, as with seed=0,1,2."
)
RULE = (
    "Settings are compared in pairs by Welch's t-test over seeds, corrected for the number of pairs (Bonferroni): on a "
    "measure, the chance that any difference is called significant by mistake is 5 % at most."
)
COMPARED = "Mean ± half the 95 % interval over seeds (Student's t)."


def name_settings(settings: Sequence[Mapping[str, str]]) -> list[str]:
    """Names settings, each as address → value with the same addresses, by their differences.

    A name is `real=1.75 generated=0.25`: an address is shortened to its last parts that no other address ends in.
    """
    short = shorten(list(dict.fromkeys(address for one in settings for address in one)))
    return [" ".join(f"{short[address]}={value}" for address, value in one.items()) or "all runs" for one in settings]


def shorten(addresses: Sequence[str]) -> dict[str, str]:
    """Returns addresses, each with its last parts that no other ends in: `acgan.soft_label.real` is `real`."""
    return {address: _shortened(address, addresses) for address in addresses}


def setting_rows(
    settings: Mapping[str, Setting],
    measures: Sequence[Key],
    references: Mapping[Key, float],
    *,
    real: str = REAL_DIGITS,
) -> list[Row]:
    """Returns the rows of the table that compares settings: name, each measure as `0.9870 ± 0.0041`, seeds.

    A measure that no run of a setting has is left out. The last row, named `real`, has the `references`, if there are
    any.
    """
    rows: list[Row] = []
    for name, setting in settings.items():
        found = {measure.name: setting.estimate(measure) for measure in measures}
        seeds = len(setting.runs)
        rows.append({"setting": name, **{key: _cell(one, seeds) for key, one in found.items() if one}, "seeds": seeds})
    if references:
        rows.append({"setting": real, **{key.name: number(value) for key, value in references.items()}})
    return rows


def settings_table(rows: Sequence[Row], *, title: str) -> Table:
    """Lays out `setting_rows`, numbers right-aligned; settings are never ranked."""
    table = sweep_table(rows, title=title)
    for column in table.columns[1:]:
        column.justify = "right"
    return table


def remark(settings: Sequence[Setting], measures: Sequence[Key]) -> str:
    """Returns the line below the table: the kind of its intervals, or that there are too few seeds to compare."""
    return COMPARED if can_compare(settings, measures) else UNCOMPARED


def verdicts(
    settings: Mapping[str, Setting], measures: Sequence[Key], *, higher_is_better: Collection[str]
) -> dict[str, str]:
    """Returns for each measure, as a person writes it, which setting is ahead of which others; see `find_ahead`.

    Of the measures named in `higher_is_better` more is better, of the others less. Settings with fewer than three seeds
    of a measure, as where runs failed, are not compared but named. Measures with fewer than two settings to compare are
    left out.
    """
    found = {}
    for measure in measures:
        compared = with_enough_seeds(settings, measure)
        if len(compared) > 1:
            others = [name for name in settings if name not in compared]
            ahead = find_ahead(compared, measure, higher_is_better=measure.name in higher_is_better)
            found[spell(measure.name)] = _verdict(ahead, len(compared), others)
    return found


def _verdict(ahead: Ahead, count: int, others: Sequence[str]) -> str:
    left_out = f"; not compared for want of seeds: {', '.join(others)}" if others else ""
    if not ahead.others:
        return f"no significant difference{left_out}"
    if len(ahead.others) == count - 1:
        return (
            f"best with {ahead.setting}, significantly better than all others{' compared' if others else ''}{left_out}"
        )
    return f"no single best; {ahead.setting} is significantly better than {', '.join(ahead.others)}{left_out}"


def _shortened(address: str, addresses: Sequence[str]) -> str:
    parts = address.split(".")
    for count in range(1, len(parts)):
        tail = ".".join(parts[-count:])
        if not any(other != address and f".{other}".endswith(f".{tail}") for other in addresses):
            return tail
    return address


def _cell(found: Estimate, seeds: int) -> str:
    text = number(found.mean)
    if found.margin is not None:
        decimals = len(text.partition(".")[2])
        text += f" ± {found.margin:,.{decimals}f}" if "e" not in text else f" ± {number(found.margin)}"
    return text if found.seeds == seeds else f"{text} (of {found.seeds})"
