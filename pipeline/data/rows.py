"""Tables as lists of rows; each row maps columns to values."""

import csv
import io
from collections.abc import Mapping, Sequence

Row = Mapping[str, object]


def as_csv(rows: Sequence[Row]) -> str:
    """Formats rows as CSV; the columns are all keys, in the order of their first occurrence."""
    columns = list(dict.fromkeys(key for row in rows for key in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()
