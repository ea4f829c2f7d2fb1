"""The ladder diagram of a transcript as a picture, and as `text` for a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from textwrap import wrap

from imsreg.transcript.canvas import Canvas
from imsreg.transcript.rows import Arrow, Band, Lane, Rows, rows_of
from imsreg.transcript.textladder import text
from imsreg.transcript.transcript import Transcript

__all__ = ["MAX_DRAWN", "svg", "text"]

MAX_DRAWN = 400
"""Rows of a picture, beside those that are marked; the others are counted in a band."""

# Lengths in pixels; those of a character are on the wide side for the fonts of the style sheet.
_EDGE = 24
_MARGIN = 135
_BOX, _GAP, _GAP_OF_MANY = 150, 360, 260
_ROW, _BAND, _LINE = 50, 36, 17
_CHARACTER, _SMALL, _STRONG, _TITLE = 6.8, 6.4, 8.2, 9.8


def svg(transcript: Transcript, marks: Mapping[int, str] = {}) -> str:
    """The ladder as one SVG document, readable on light and dark ground, CK and IK masked.

    The arrow of a message that an association protected runs through a tube.

    `marks` has the text of a finding by the number of the entry that shows it: that arrow is red, the text below it.
    """
    return _Picture(rows_of(transcript, marks, MAX_DRAWN)).svg()


class _Picture:
    def __init__(self, ladder: Rows) -> None:
        self._ladder = ladder
        self._box = max([_BOX, *map(_box_width, ladder.lanes)])
        gap = max(_GAP if len(ladder.lanes) <= 2 else _GAP_OF_MANY, self._box + _EDGE)
        first = _MARGIN + self._box // 2
        self._x = [first + gap * index for index in range(max(2, len(ladder.lanes)))]
        self._canvas = Canvas(self._x[-1] + self._box // 2 + _EDGE, ladder.title)
        self._field = self._canvas.width - _EDGE - _MARGIN
        self._y = 14

    def svg(self) -> str:
        for line in _wrapped([self._ladder.title], self._canvas.width - 2 * _EDGE, _TITLE):
            self._y += 20
            self._canvas.text(_EDGE, self._y, line, "title ink")
        self._canvas.text(_EDGE, self._y + 20, self._ladder.subtitle, "small soft")
        self._y += 38
        self._draw_lanes()
        self._y += 52
        for row in self._ladder.rows:
            if isinstance(row, Arrow):
                self._draw_arrow(row)
            else:
                self._draw_band(row)
            self._y += self._height(row)
        return self._canvas.finish(self._y + 14)

    def _draw_lanes(self) -> None:
        # Lanes lie below the arrows, so they are drawn before, to where the arrows will end.
        canvas, top = self._canvas, self._y
        bottom = top + 56 + sum(map(self._height, self._ladder.rows))
        for x, lane in zip(self._x, self._ladder.lanes, strict=False):
            canvas.group()
            canvas.line(x, top + 40, x, bottom, "lane")
            canvas.rectangle(x - self._box / 2, top, self._box, 42, "box edge", corner=6)
            if lane.name == lane.address:
                canvas.text(x, top + 26, lane.name, "strong ink", "middle")
            else:
                canvas.text(x, top + 19, lane.name, "strong ink", "middle")
                canvas.text(x, top + 34, lane.address, "small soft", "middle")

    def _draw_arrow(self, row: Arrow) -> None:
        canvas, y = self._canvas, self._y + 28
        begin, end = self._x[row.source], self._x[row.target]
        way = 1 if end >= begin else -1
        colour = "bad" if row.mark else row.kind
        dashed = " dashed" if row.kind in ("response", "success") else ""
        canvas.group("faint" if row.repeat and not row.mark else "", row.ways)
        digits = str(row.number)
        canvas.rectangle(_EDGE, y - 9, 14 + 7 * len(digits), 18, "pill", corner=9)
        canvas.text(_EDGE + 7 + 3.5 * len(digits), y + 4, digits, "digits ink", "middle")
        self._draw_time(row.at, y + 4)
        if row.association:
            canvas.line(begin + 3 * way, y, end - 12 * way, y, "tube")
        canvas.line(begin, y, end - 8 * way, y, f"arrow {colour}-line{dashed}")
        canvas.head(end, y, way, colour)
        canvas.text((begin + end) / 2, y - 7, row.label, f"strong over {colour}", "middle")
        canvas.text((begin + end) / 2, y + 15, row.detail, "small over soft", "middle")
        if row.mark:
            self._draw_mark(self._mark_lines(row), y + 24)

    def _draw_mark(self, lines: list[str], top: float) -> None:
        height = _LINE * len(lines) + 10
        self._canvas.rectangle(_MARGIN, top, self._field, height, "alarm", corner=5)
        self._canvas.rectangle(_MARGIN, top, 4, height, "bad")
        for index, line in enumerate(lines):
            self._canvas.text(_MARGIN + 14, top + 17 + _LINE * index, line, "bad")

    def _draw_band(self, row: Band) -> None:
        self._canvas.group()
        lines = self._band_lines(row)
        self._canvas.rectangle(_MARGIN, self._y + 6, self._field, _LINE * len(lines) + 7, row.kind, corner=5)
        for index, line in enumerate(lines):
            self._canvas.text(_MARGIN + self._field / 2, self._y + 22 + _LINE * index, line, "ink", "middle")
        if row.at is not None:
            self._draw_time(row.at, self._y + 22)

    def _draw_time(self, at: float, y: float) -> None:
        self._canvas.text(_MARGIN - 14, y, f"{at:.3f} s", "digits soft", "end")

    def _height(self, row: Arrow | Band) -> int:
        if isinstance(row, Band):
            return _BAND + _LINE * (len(self._band_lines(row)) - 1)
        return _ROW + (_LINE * len(self._mark_lines(row)) + 14 if row.mark else 0)

    def _band_lines(self, row: Band) -> list[str]:
        return _wrapped([row.text], self._field - 20, _CHARACTER)

    def _mark_lines(self, row: Arrow) -> list[str]:
        return _wrapped(row.mark, self._field - 20, _CHARACTER)


def _box_width(lane: Lane) -> int:
    address = len(lane.address) if lane.address != lane.name else 0
    return round(max(_STRONG * len(lane.name), _SMALL * address)) + 20


def _wrapped(lines: Iterable[str], width: float, character: float) -> list[str]:
    """The lines broken to fit, at least one."""
    return [piece for line in lines for piece in wrap(line, int(width / character))] or [""]
