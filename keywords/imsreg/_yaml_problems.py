"""From a failed conversion to one line for the user: the second half of `imsreg.strictyaml`."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec
from msgspec import inspect

from imsreg._yaml_values import Place, child, quoted
from imsreg.errors import InputError
from imsreg.text import safe_text

_ERROR = re.compile(r"(?P<what>.*?)(?: - at (?P<key>`key` in )?`\$(?P<path>[^`]*)`)?", re.DOTALL)
_STEP = re.compile(r"\.(?P<field>[^.\[\]]+)|\[(?P<index>[0-9]+)\]|\[\.\.\.\]")
_WORDS = {
    "str": "text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "array": "a list",
    "object": "a mapping",
    "date": "a date such as 2027-06-30",
}

Step = str | int | None
"""One step from a value to an entry: a field's name, a list's index, or None for an entry of a dict."""


def explain(
    error: msgspec.ValidationError,
    value: Any,
    places: dict[str, Place],
    where: str | Path,
    shape: Any,
    *,
    secret: bool,
) -> InputError:
    """The InputError for what msgspec found when it converted `value` to `shape`."""
    found = _ERROR.fullmatch(str(error))
    what, in_key, tail = found.group("what", "key", "path") if found else (str(error), None, "")
    steps = [_step(match) for match in _STEP.finditer(tail or "")] + ([None] if in_key else [])
    path = _path(value, steps, lambda: _fails_alike(error, value, shape))
    if in_key:
        return _problem(where, path, places, f"is no key that is known here{_choices(shape, steps[:-1], key=True)}", "")
    if match := re.fullmatch(r"Object contains unknown field `(.*)`", what, re.DOTALL):
        known = [field.encode_name for kind in _types_at(shape, steps) for field in getattr(kind, "fields", ())]
        return _problem(where, child(path, match[1]), places, "is not a known field", _nearest(match[1], known))
    if match := re.fullmatch(r"Object missing required field `(.*)`", what):
        return _problem(where, child(path, match[1]), places, f"is missing{_line(places.get(path))}", "add it")
    if match := re.fullmatch(r"Expected `(.*)`, got `(.*)`", what):
        wanted = [kind for kind in match[1].split(" | ") if kind != "null"] or ["null"]
        return _wrong_type(where, path, places, wanted, match[2], secret=secret)
    shown = quoted(places[path], secret=secret) if path in places else None
    subject = f"{shown} is refused: " if shown else ""
    if what.startswith("Invalid enum value"):
        return _problem(where, path, places, f"{subject}not one of the known values{_choices(shape, steps)}", "")
    if what == "Invalid RFC3339 encoded date":
        return _problem(where, path, places, f"{subject}not a date", "write it as in 2027-06-30")
    if what.startswith("Expected") and (wanted_text := _description(shape, steps)):
        return _problem(where, path, places, f"{shown or 'the value'} is not {wanted_text}", "")
    expected = re.sub(r"`(\w+)`", lambda kind: _WORDS.get(kind[1], kind[1]), what.replace("Expected", "expected", 1))
    # msgspec's own words name limits, never values; a Struct's own (from __post_init__) are for the user as they are.
    return _problem(where, path, places, f"{subject}{safe_text(expected)}", "")


def _wrong_type(
    where: str | Path, path: str, places: dict[str, Place], wanted: list[str], got: str, *, secret: bool
) -> InputError:
    words = " or ".join(_WORDS.get(kind, kind) for kind in wanted)
    place = places.get(path)
    if got == "null":
        return _problem(where, path, places, f"has no value, {words} is wanted", "write one, or leave the field out")
    shown = quoted(place, secret=secret) if place else None
    if "str" in wanted and got in ("int", "float", "bool"):
        remedy = f'write it in quotes: "{shown}"' if shown else "write it in quotes"
        return _problem(where, path, places, f"YAML reads {shown or 'it'} as {_WORDS[got]}, {words} is wanted", remedy)
    remedy = f"write {words}"
    if got == "str" and ("int" in wanted or "float" in wanted):
        remedy = "write plain decimal digits without quotes"
    return _problem(where, path, places, f"is {_WORDS.get(got, got)}, {words} is wanted", remedy)


def _problem(where: str | Path, path: str, places: dict[str, Place], problem: str, remedy: str) -> InputError:
    return InputError(where, path, problem + _line(places.get(path)), remedy)


def _line(place: Place | None) -> str:
    return f" (line {place.line})" if place else ""


def _nearest(name: str, known: list[str]) -> str:
    listed = f"known here: {', '.join(known)}"
    near = difflib.get_close_matches(name[:60], known, n=1)
    return f"did you mean {near[0]}? ({listed})" if near else listed


def _choices(shape: Any, steps: list[Step], *, key: bool = False) -> str:
    """The values that a Literal or an Enum at `steps` allows (or the keys of the dict there), as ": a, b, c"."""
    kinds: Iterable[Any] = _types_at(shape, steps)
    if key:
        kinds = _flat(kind.key_type for kind in kinds if isinstance(kind, inspect.DictType))
    values: list[object] = []
    for kind in kinds:
        if isinstance(kind, inspect.LiteralType):
            values += kind.values
        elif isinstance(kind, inspect.EnumType):
            values += [member.value for member in kind.cls]
    return f": {', '.join(map(str, values))}" if values else ""


def _description(shape: Any, steps: list[Step]) -> str | None:
    """What the annotation of the value at `steps` says that it is: `Meta(description="an IMSI: 6 to 15 digits")`."""
    for kind in _declared_at(shape, steps):
        for part in kind.types if isinstance(kind, inspect.UnionType) else (kind,):
            if isinstance(part, inspect.Metadata) and part.extra_json_schema:
                return part.extra_json_schema.get("description")
    return None


def _step(match: re.Match[str]) -> Step:
    if match["field"]:
        return match["field"]
    return int(match["index"]) if match["index"] else None


def _flat(kinds: Iterable[Any]) -> Iterator[Any]:
    """The types themselves, out of unions and annotations."""
    for kind in kinds:
        if isinstance(kind, inspect.UnionType):
            yield from _flat(kind.types)
        elif isinstance(kind, inspect.Metadata):
            yield from _flat([kind.type])
        else:
            yield kind


def _types_at(shape: Any, steps: list[Step]) -> list[Any]:
    """The types that a value at `steps` below `shape` may have."""
    return list(_flat(_declared_at(shape, steps)))


def _declared_at(shape: Any, steps: list[Step]) -> list[Any]:
    """The same as they are declared, unions and annotations kept."""
    kinds: list[Any] = [inspect.type_info(shape)]
    for step in steps:
        kinds = [inner for kind in _flat(kinds) for inner in _inner(kind, step)]
    return kinds


def _inner(kind: Any, step: Step) -> list[Any]:
    if step is None:
        return [kind.value_type] if isinstance(kind, inspect.DictType) else []
    if isinstance(step, str):
        return [field.type for field in getattr(kind, "fields", ()) if field.encode_name == step]
    if isinstance(kind, inspect.TupleType):
        return list(kind.item_types[step : step + 1])
    return [kind.item_type] if hasattr(kind, "item_type") else []


def _path(value: Any, steps: list[Step], still_fails: Callable[[], bool]) -> str:
    """The path that `steps` take through `value`, with the key of each dict entry found out."""
    path = ""
    for step in steps:
        key = _culprit(value, still_fails) if step is None else step
        path = child(path, key)
        value = value[key]
    return path


def _culprit(entries: dict[str, Any], still_fails: Callable[[], bool]) -> str:
    """The key of the first entry that fails: msgspec names dict entries only as `[...]`.

    Entries are converted in order, so the shortest beginning of the dict that fails in the same way ends with it.
    `entries` is shortened in place for each trial and whole again at the end.
    """
    whole = dict(entries)
    keys = list(whole)
    low, high = 0, len(keys) - 1
    while low < high:
        middle = (low + high) // 2
        entries.clear()
        entries.update((key, whole[key]) for key in keys[: middle + 1])
        if still_fails():
            high = middle
        else:
            low = middle + 1
    entries.clear()
    entries.update(whole)
    return keys[low]


def _fails_alike(error: msgspec.ValidationError, value: Any, shape: Any) -> bool:
    try:
        msgspec.convert(value, shape, strict=True)
    except msgspec.ValidationError as again:
        return str(again) == str(error)
    return False
