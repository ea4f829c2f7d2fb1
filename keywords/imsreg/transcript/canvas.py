"""An SVG picture in the making: shapes in one style sheet for light and dark, no scripts, no links, no references."""

from __future__ import annotations

from typing import Literal
from xml.etree.ElementTree import Element, SubElement, tostring

Anchor = Literal["start", "middle", "end"]

# Each class with its colour on a light and on a dark ground. The picture brings its own ground along: it is read
# inside reports that know nothing of dark mode, and the other way round.
_FILLS = {
    "ground": ("#ffffff", "#16191d"),
    "ink": ("#1f2328", "#e6e9ed"),
    "soft": ("#656d76", "#98a1ab"),
    "box": ("#eef2f7", "#262c34"),
    "pill": ("#e4e9ef", "#323a44"),
    "request": ("#0b57b0", "#78b7ff"),
    "success": ("#1a7f4b", "#5fd39a"),
    "response": ("#7a3fb5", "#c7a0f5"),
    "other": ("#656d76", "#98a1ab"),
    "bad": ("#c4161c", "#ff7b78"),
    "alarm": ("#fdecec", "#3d1d1f"),
    "clock": ("#e9f1fb", "#1c2a3c"),
    "transport": ("#fff1dc", "#3b2c14"),
    "note": ("#f1f3f5", "#23282e"),
    "esp": ("#e3f4f1", "#173833"),
}
_STROKES = {
    "lane": ("#c3cad2", "#454d57"),
    "over": _FILLS["ground"],
    "edge": ("#c3cad2", "#454d57"),
    "tube": ("#cfeae5", "#1f4a43"),
    "request-line": _FILLS["request"],
    "success-line": _FILLS["success"],
    "response-line": _FILLS["response"],
    "other-line": _FILLS["other"],
    "bad-line": _FILLS["bad"],
}
_SHAPES = (
    ".ladder text{font-family:system-ui,'Segoe UI','DejaVu Sans',sans-serif;font-size:12px}"
    ".ladder .title{font-size:16px;font-weight:600}"
    ".ladder .strong{font-size:13px;font-weight:600}"
    ".ladder .small{font-size:11px}"
    ".ladder .digits{font-family:ui-monospace,'DejaVu Sans Mono',monospace;font-size:11px}"
    ".ladder .over{paint-order:stroke;stroke-width:4px}"
    ".ladder .lane{stroke-width:1.5}"
    ".ladder .arrow{stroke-width:1.6}"
    ".ladder .tube{stroke-width:11}"
    ".ladder .dashed{stroke-dasharray:6 4}"
    ".ladder .faint{opacity:.6}"
)


def _colours(side: Literal[0, 1]) -> str:
    rules = [f".ladder .{name}{{fill:{pair[side]}}}" for name, pair in _FILLS.items()]
    rules += [f".ladder .{name}{{stroke:{pair[side]}}}" for name, pair in _STROKES.items()]
    return "".join(rules)


STYLE = f"{_SHAPES}{_colours(0)}@media (prefers-color-scheme:dark){{{_colours(1)}}}"


class Canvas:
    """Draws from the top; the height is what has been used in the end. Lengths are CSS pixels."""

    def __init__(self, width: int, label: str) -> None:
        self.width = width
        self._root = Element(
            "svg",
            {"xmlns": "http://www.w3.org/2000/svg", "class": "ladder", "role": "img", "aria-label": label},
        )
        SubElement(self._root, "style").text = STYLE
        self._target = self._root
        self._ground = self.rectangle(0, 0, width, 0, "ground")

    def group(self, classes: str = "", tooltip: str = "") -> None:
        """What is drawn from here on belongs together, and shows `tooltip` where a viewer has a pointer."""
        self._target = SubElement(self._root, "g", {"class": classes} if classes else {})
        if tooltip:
            SubElement(self._target, "title").text = tooltip

    def text(self, x: float, y: float, content: str, classes: str = "ink", anchor: Anchor = "start") -> None:
        """One line of text with its base line at `y`."""
        place = {"x": _number(x), "y": _number(y), "class": classes}
        if anchor != "start":
            place["text-anchor"] = anchor
        SubElement(self._target, "text", place).text = content

    def line(self, x1: float, y1: float, x2: float, y2: float, classes: str) -> None:
        """A straight line."""
        ends = {"x1": _number(x1), "y1": _number(y1), "x2": _number(x2), "y2": _number(y2)}
        SubElement(self._target, "line", ends | {"class": classes})

    def head(self, x: float, y: float, way: int, classes: str) -> None:
        """The head of a level arrow with its point at (x, y); `way` is 1 to the right, -1 to the left."""
        path = f"M{_number(x)} {_number(y)}l{-9 * way} -4.5v9z"
        SubElement(self._target, "path", {"d": path, "class": classes})

    def rectangle(self, x: float, y: float, width: float, height: float, classes: str, corner: float = 0) -> Element:
        """A rectangle, with corners rounded by `corner`."""
        place = {"x": _number(x), "y": _number(y), "width": _number(width), "height": _number(height)}
        if corner:
            place["rx"] = _number(corner)
        return SubElement(self._target, "rect", place | {"class": classes})

    def finish(self, height: int) -> str:
        """The picture as XML, `height` high."""
        self._ground.set("height", str(height))
        self._root.set("width", str(self.width))
        self._root.set("height", str(height))
        self._root.set("viewBox", f"0 0 {self.width} {height}")
        return tostring(self._root, encoding="unicode") + "\n"


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
