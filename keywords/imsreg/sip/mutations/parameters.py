"""Mutations of one parameter of a header field, `;name=value` or, in the authentication headers, `, name=value`."""

from __future__ import annotations

import re

from imsreg.errors import InputError
from imsreg.sip.draft import Draft
from imsreg.sip.mutations.common import place_of, put
from imsreg.sip.names import canonical
from imsreg.sip.params import quote, unquote

_QUOTED = r'"[^"\\]*+(?:\\.[^"\\]*+)*"'
# What stands in quotes or angle brackets is passed over whole; a parameter follows its separator; the first one of
# a challenge follows a blank, that of Authentication-Info nothing at all.
_PARAMETER = re.compile(
    rf"{_QUOTED}|<[^>]*+>?|(?P<whole>(?:[;,]|(?<=[ \t])|^)[ \t]*+(?P<name>[^\s;,=\"<>]++)"
    rf"(?:[ \t]*+=[ \t]*+(?P<value>{_QUOTED}|[^\s;,\"<>]*+))?)|.",
    re.DOTALL,
)
_AFTER_FIRST = re.compile(r"[ \t]*,[ \t]*")
_COMMA_SEPARATED = frozenset(
    ("WWW-Authenticate", "Authorization", "Proxy-Authenticate", "Proxy-Authorization", "Authentication-Info")
)


def add_parameter(draft: Draft, *, header: str, name: str, value: str | None = None) -> bytes:
    """header: the header whose first field gets one more parameter; name: its name; value: its value, as written."""
    place = place_of(draft, "add-parameter", header)
    added = name if value is None else f"{name}={value}"
    return put(draft, place, f"{draft.fields[place].value}{_separator(header)}{added}")


def change_parameter(draft: Draft, *, header: str, name: str, value: str) -> bytes:
    """header: the header whose first field changes; name: its parameter; value: the new value, quoted as before."""
    place, text, found = _find(draft, "change-parameter", header, name)
    new = quote(value) if (found["value"] or "").startswith('"') else value
    if found["value"] is None:
        return put(draft, place, f"{text[: found.end()]}={new}{text[found.end() :]}")
    return put(draft, place, f"{text[: found.start('value')]}{new}{text[found.end('value') :]}")


def drop_parameter(draft: Draft, *, header: str, name: str) -> bytes:
    """header: the header whose first field changes; name: the parameter that goes."""
    place, text, found = _find(draft, "drop-parameter", header, name)
    end = found.end()
    # Without a separator before it, the one after it goes.
    if found["whole"][0] not in ";," and (after := _AFTER_FIRST.match(text, end)):
        end = after.end()
    return put(draft, place, text[: found.start()] + text[end:])


def duplicate_parameter(draft: Draft, *, header: str, name: str, value: str | None = None) -> bytes:
    """header: the header whose first field changes; name: the parameter that comes twice; value: of the second."""
    place, text, found = _find(draft, "duplicate-parameter", header, name)
    first = text[found.start("name") : found.end()]
    second = first if value is None else f"{found['name']}={value}"
    return put(draft, place, f"{text[: found.end()]}{_separator(header)}{second}{text[found.end() :]}")


def rename_parameter(draft: Draft, *, header: str, name: str, new: str) -> bytes:
    """header: the header whose first field changes; name: the parameter; new: the name that it gets."""
    place, text, found = _find(draft, "rename-parameter", header, name)
    return put(draft, place, f"{text[: found.start('name')]}{new}{text[found.end('name') :]}")


def requote_parameter(draft: Draft, *, header: str, name: str) -> bytes:
    """header: the header whose first field changes; name: the parameter that gets quotes, or loses its own."""
    place, text, found = _find(draft, "requote-parameter", header, name)
    value = found["value"] or ""
    new = unquote(value) if value.startswith('"') else quote(value)
    equals = "=" if found["value"] is None else ""
    start = found.end() if found["value"] is None else found.start("value")
    return put(draft, place, f"{text[:start]}{equals}{new}{text[found.end() :]}")


def _separator(header: str) -> str:
    return ", " if canonical(header) in _COMMA_SEPARATED else ";"


def _find(draft: Draft, mutation: str, header: str, name: str) -> tuple[int, str, re.Match[str]]:
    """Place and value of the first field of `header`, and where in it the parameter stands."""
    place = place_of(draft, mutation, header)
    text = draft.fields[place].value
    for found in _PARAMETER.finditer(text):
        if found["whole"] is not None and found["name"].lower() == name.lower():
            return place, text, found
    raise InputError(f"mutation {mutation}", name, f"{header} has no such parameter", "name one that it has")
