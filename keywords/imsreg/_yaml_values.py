"""YAML text into plain values, with the place of each: the first half of `imsreg.strictyaml`."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import yaml
from yaml.constructor import SafeConstructor

from imsreg.errors import InputError
from imsreg.text import safe_text

MAX_DEPTH = 32
"""Mappings and lists inside each other."""

SHOWN = 24
"""Characters of a scalar that an error repeats; longer ones (a key that strayed into the wrong file) never show."""

_TAG = "tag:yaml.org,2002:"
_MAX_NUMBER = 32
# K, OP or OPc beside a forgotten colon becomes part of a name, and names show in errors.
_KEY_LIKE = re.compile(r"[0-9A-Fa-f]{16,}")
# The one notation in which YAML 1.1, YAML 1.2, JSON and people read the same number.
_DECIMAL = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]{1,2})?")


class Place(NamedTuple):
    """Where a value stands in its file: line from 1, and its text if it is a scalar."""

    line: int
    text: str | None


class Values(NamedTuple):
    """What a document says: dict, list, str, int, float, bool, None; and the place of each by its path (`a.b[2]`)."""

    value: object
    places: dict[str, Place]


def child(path: str, key: str | int) -> str:
    """The path of an entry of the value at `path`."""
    if isinstance(key, int):
        return f"{path}[{key}]"
    name = _KEY_LIKE.sub("...", safe_text(key, limit=60))
    return f"{path}.{name}" if path else name


def quoted(place: Place, *, secret: bool) -> str | None:
    """A scalar as an error may repeat it, or None if it must not show."""
    if secret or not place.text or len(place.text) > SHOWN:
        return None
    return safe_text(place.text)


def read_values(text: str, where: str | Path, *, secret: bool = False) -> Values:
    """The one document in `text`. Raises InputError for what is not YAML, ambiguous, repeated, or out of bounds."""
    return _Reader(text, where, secret).document()


class _Reader:
    """Builds values from parser events, so that nothing is composed before its depth and its aliases are known."""

    def __init__(self, text: str, where: str | Path, secret: bool) -> None:
        self._where = where
        self._secret = secret
        self._places: dict[str, Place] = {}
        try:
            self._loader = yaml.CSafeLoader(text)
        except yaml.YAMLError as error:
            raise self._not_yaml(error) from None

    def document(self) -> Values:
        self._next()  # the start of the stream
        if isinstance(self._next(), yaml.StreamEndEvent):
            raise InputError(self._where, "", "is empty", "see the documentation of this file for what it holds")
        value = self._value(self._next(), "", 0)
        self._next()  # the end of the document
        if not isinstance(event := self._next(), yaml.StreamEndEvent):
            raise self._refusal("", event, "holds a second document", "keep one document in a file")
        return Values(value, self._places)

    def _next(self) -> yaml.Event:
        try:
            event = self._loader.get_event()
        except yaml.YAMLError as error:
            raise self._not_yaml(error) from None
        if event is None:  # after the end of the stream, which `document` never passes
            raise EOFError
        return event

    def _value(self, event: yaml.Event, path: str, depth: int) -> object:
        if not isinstance(event, (yaml.ScalarEvent, yaml.CollectionStartEvent)):
            raise self._refusal(path, event, "is an alias (*)", "write the value out")
        if event.tag not in (None, "!"):
            raise self._refusal(path, event, "carries a tag (!)", "leave the tag out; put text in quotes")
        if isinstance(event, yaml.ScalarEvent):
            self._places[path] = Place(_line(event), event.value)
            return self._scalar(event, path)
        self._places[path] = Place(_line(event), None)
        if depth == MAX_DEPTH:
            raise self._refusal(path, event, f"is nested deeper than {MAX_DEPTH} levels", "make it flatter")
        if isinstance(event, yaml.SequenceStartEvent):
            return self._list(path, depth + 1)
        return self._mapping(path, depth + 1)

    def _list(self, path: str, depth: int) -> list[object]:
        items: list[object] = []
        while not isinstance(event := self._next(), yaml.SequenceEndEvent):
            items.append(self._value(event, child(path, len(items)), depth))
        return items

    def _mapping(self, path: str, depth: int) -> dict[str, object]:
        entries: dict[str, object] = {}
        lines: dict[str, int] = {}
        while not isinstance(event := self._next(), yaml.MappingEndEvent):
            key = self._key(event, path)
            line = _line(event)
            if key in entries:
                twice = f"stands twice, in lines {lines[key]} and {line}"
                raise InputError(self._where, child(path, key), twice, "keep one of them")
            lines[key] = line
            entries[key] = self._value(self._next(), child(path, key), depth)
        return entries

    def _key(self, event: yaml.Event, path: str) -> str:
        if not isinstance(event, yaml.ScalarEvent) or event.tag not in (None, "!"):
            raise self._refusal(path, event, "has a key that is not plain text", "use names as keys")
        if self._kind(event) in ("int", "float", "bool", "null"):
            place = Place(_line(event), event.value)
            shown = quoted(place, secret=self._secret) or ""
            raise self._refusal(path, event, f"YAML does not read the key {shown} as text", "write it in quotes")
        return event.value

    def _kind(self, event: yaml.ScalarEvent) -> str:
        """What YAML 1.1 takes the scalar for: "str", "int", "float", "bool", "null", "timestamp", ..."""
        resolve: Callable[..., str] = self._loader.resolve
        return resolve(yaml.ScalarNode, event.value, event.implicit).removeprefix(_TAG)

    def _scalar(self, event: yaml.ScalarEvent, path: str) -> object:
        text = event.value
        kind = self._kind(event)
        if kind == "null":
            return None
        if kind == "bool":
            return SafeConstructor.bool_values[text.lower()]
        if kind not in ("int", "float"):
            return text  # a date too: whoever wants one reads it from the text, whoever wants text loses nothing
        if len(text) <= _MAX_NUMBER and _DECIMAL.fullmatch(text):
            return int(text) if kind == "int" else float(text)
        shown = quoted(self._places[path], secret=self._secret)
        in_quotes = f'in quotes ("{shown}")' if shown else "in quotes"
        problem = f"YAML reads {shown or 'it'} as {_notation(text)}"
        raise self._refusal(path, event, problem, f"write text {in_quotes}, a number in plain decimal digits")

    def _refusal(self, path: str, event: yaml.Event, problem: str, remedy: str) -> InputError:
        return InputError(self._where, path, f"{problem} (line {_line(event)})", remedy)

    def _not_yaml(self, error: yaml.YAMLError) -> InputError:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        place = f"line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        reason = safe_text(getattr(error, "problem", None) or getattr(error, "reason", None) or "unreadable")
        return InputError(self._where, place, f"is not YAML: {reason}", "mend the syntax there")


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 0


def _notation(text: str) -> str:
    """The trap in a number that is not plain decimal. Not its value: for a key that would be the key."""
    digits = text.lstrip("+-")
    if ":" in digits:
        return "a number in base 60"
    if digits[:2].lower() in ("0x", "0b"):
        return "a hexadecimal or binary number"
    if digits.isdigit() and digits.startswith("0"):
        return "an octal number, so the leading zeros are lost"
    return "a number, in a notation that is easily misread"
