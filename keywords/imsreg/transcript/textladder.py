"""The ladder diagram of a transcript for a terminal: ASCII only but for what the texts bring along."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from imsreg.transcript.rows import Arrow, Band, rows_of
from imsreg.transcript.transcript import MAX_ENTRIES, Transcript

_MARGIN = 20
_GAP = 34
_EDGE = 10


def text(transcript: Transcript, marks: Mapping[int, str] = {}) -> str:
    """The ladder in lines, one for each message and event, CK and IK masked. It ends in a newline.

    `marks` has the text of a finding by the number of the entry that shows it; it stands below that message.
    """
    ladder = rows_of(transcript, marks, 2 * MAX_ENTRIES)
    columns = columns_of(len(ladder.lanes))
    lines = [ladder.title, ladder.subtitle, ""]
    if columns:
        lines.append(names_line([lane.name for lane in ladder.lanes], columns))
    for row in ladder.rows:
        lines += [band_line(row)] if isinstance(row, Band) else arrow_lines(row, columns)
    return "\n".join(lines) + "\n"


def columns_of(lanes: int) -> list[int]:
    """Where in a line each of so many lanes is."""
    return [_MARGIN + _EDGE + _GAP * index for index in range(lanes)]


def names_line(names: list[str], columns: list[int]) -> str:
    """The names of the lanes, each over its column."""
    line = ""
    for name, column in zip(names, columns, strict=True):
        line = line.ljust(column - len(name) // 2) + name
    return line


def band_line(row: Band) -> str:
    """What is no message, in one line."""
    return f"     {_seconds(row.at)}  ~ {row.text} ~"


def arrow_lines(row: Arrow, columns: list[int]) -> Iterator[str]:
    """A message in one line, and below it what is remarked on it. Number 0 stays away.

    The shaft is doubled where an association protected the message.
    """
    line = list(f"{row.number or '':>5}{_seconds(row.at)}".ljust(columns[-1] + 1))
    for column in columns:
        line[column] = "|"
    begin, end = sorted((columns[row.source], columns[row.target]))
    dash = "=" if row.association else "-"
    dash += " " if row.repeat else ""
    label = f" {row.label[: max(0, end - begin - 7)]} "
    shaft = (dash * (end - begin))[: max(0, end - begin - 1)]
    at = (len(shaft) - len(label)) // 2
    line[begin + 1 : end] = shaft[:at] + label + shaft[at + len(label) :] if at > 0 else shaft
    if end > begin:
        line[begin + 1 if row.target < row.source else end - 1] = "<" if row.target < row.source else ">"
    yield f"{''.join(line)}  {row.detail}"
    for remark in row.mark:
        yield " " * _MARGIN + f"! {remark}"


def _seconds(at: float | None) -> str:
    return " " * 13 if at is None else f"{at:>11.3f} s"
