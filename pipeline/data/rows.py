"""Tables as rows: a mapping from column to value each."""

import csv
import io
from collections.abc import Mapping, Sequence

Row = Mapping[str, object]


def as_csv(rows: Sequence[Row]) -> str:
    """Gives rows as CSV; the columns are all keys in the order in which they first come."""
    columns = list(dict.fromkeys(key for row in rows for key in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()
