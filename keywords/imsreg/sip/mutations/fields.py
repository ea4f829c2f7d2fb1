"""Mutations of whole header fields: which there are, in what order, under what names."""

from __future__ import annotations

from imsreg.errors import InputError
from imsreg.sip.draft import Draft, DraftField
from imsreg.sip.mutations.common import integer, octets_of, place_of, places_of, put, rename
from imsreg.sip.names import COMPACT, LISTS, canonical
from imsreg.sip.split import split_list


def drop_header(draft: Draft, *, header: str) -> bytes:
    """header: the header whose fields all go; Content-Length is not written then."""
    place_of(draft, "drop-header", header)
    return draft.remove(header).to_bytes()


def insert_header(draft: Draft, *, header: str, value: object = "", at: int | str = -1) -> bytes:
    """header: the name of a field that is added, whatever its form; value: its value; at: its place, -1 is the end."""
    place = integer("insert-header", "at", at)
    return draft.add(header, value, at=len(draft.fields) + 1 + place if place < 0 else place).to_bytes()


def duplicate_header(draft: Draft, *, header: str, value: object = None) -> bytes:
    """header: the header whose first field comes twice; value: that of the second, the same by default."""
    place = place_of(draft, "duplicate-header", header)
    first = draft.fields[place]
    return draft.add(first.name, first.value if value is None else value, at=place + 1).to_bytes()


def rename_header(draft: Draft, *, header: str, name: str) -> bytes:
    """header: the header whose first field gets another name; name: that name, which need not be a token."""
    place = place_of(draft, "rename-header", header)
    draft.fields[place] = rename(draft.fields[place], name)
    return draft.to_bytes()


def move_header(draft: Draft, *, header: str, at: int | str) -> bytes:
    """header: the header whose first field moves; at: its place among the others, 0 is the top, -1 the end."""
    place = place_of(draft, "move-header", header)
    to = integer("move-header", "at", at)
    field = draft.fields.pop(place)
    draft.fields.insert(len(draft.fields) + 1 + to if to < 0 else to, field)
    return draft.to_bytes()


def reverse_headers(draft: Draft) -> bytes:
    """No arguments: headers come in the reverse order, fields of one name in theirs, which means the same."""
    names = list(dict.fromkeys(field.key for field in draft.fields))
    draft.fields.sort(key=lambda field: -names.index(field.key))
    return draft.to_bytes()


def split_header(draft: Draft, *, header: str) -> bytes:
    """header: the list whose every value gets a field of its own, which means the same (RFC 3261 7.3.1)."""
    fields: list[DraftField] = []
    places = places_of(draft, "split-header", _list("split-header", header))
    for place, field in enumerate(draft.fields):
        values = split_list(field.value) if place in places else ()
        fields += [DraftField(field.name, value) for value in values] if len(values) > 1 else [field]
    draft.fields = fields
    return draft.to_bytes()


def join_header(draft: Draft, *, header: str) -> bytes:
    """header: the list whose fields become one, which means the same (RFC 3261 7.3.1)."""
    first, *others = places_of(draft, "join-header", _list("join-header", header))
    joined = ", ".join(draft.fields[place].value for place in (first, *others))
    for place in reversed(others):
        del draft.fields[place]
    return put(draft, first, joined) if others else draft.to_bytes()


def compact_names(draft: Draft) -> bytes:
    """No arguments: every header name that has a compact form is written in it (RFC 3261 7.3.3)."""
    draft.compact = True
    return draft.to_bytes()


def compact_header(draft: Draft, *, header: str) -> bytes:
    """header: the header whose first field gets its compact name (RFC 3261 7.3.3)."""
    place = place_of(draft, "compact-header", header)
    field = draft.fields[place]
    draft.fields[place] = rename(field, COMPACT.get(canonical(field.name), field.name))
    return draft.to_bytes()


def recase_names(draft: Draft) -> bytes:
    """No arguments: the letters of every header name change case; names are the same in any (RFC 3261 7.3.1)."""
    draft.fields = [rename(field, field.name.swapcase()) for field in draft.fields]
    return draft.to_bytes()


def space_before_colon(draft: Draft, *, header: str, blanks: str = " ") -> bytes:
    """header: the header whose first field gets blanks before its colon, which HCOLON allows; blanks: those."""
    place = place_of(draft, "space-before-colon", header)
    field = draft.fields[place]
    draft.fields[place] = DraftField(field.name, field.value, octets_of(f"{field.name}{blanks}: {field.value}"))
    return draft.to_bytes()


def drop_colon(draft: Draft, *, header: str) -> bytes:
    """header: the header whose first field loses its colon, so that the line has no name."""
    place = place_of(draft, "drop-colon", header)
    field = draft.fields[place]
    draft.fields[place] = DraftField(field.name, field.value, octets_of(f"{field.name} {field.value}"))
    return draft.to_bytes()


def _list(mutation: str, header: str) -> str:
    if canonical(header) not in LISTS:
        raise InputError(f"mutation {mutation}", header, "is no list of values", "name one such as Via or Supported")
    return header
