"""Named mutations: each makes exactly one thing of a message different, for tests that send what is wrong or odd."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import replace

from imsreg.errors import InputError
from imsreg.sip.draft import Draft
from imsreg.sip.names import canonical


def mutate(draft: Draft, name: str, **arguments: object) -> bytes:
    """The octets of `draft` after the mutation `name`; the draft itself stays as it is.

    Raises InputError if there is no such mutation, if its arguments are not these, or if it would change nothing;
    MessageError if the draft can no longer be framed as SIP.
    """
    mutation = MUTATIONS.get(name)
    if mutation is None:
        raise InputError("mutation", name, "is unknown", f"choose one of {', '.join(MUTATIONS)}")
    whole = Draft.of(draft.to_message())
    try:
        inspect.signature(mutation).bind(whole, **arguments)
    except TypeError as error:
        raise InputError("mutation", name, f"does not take these arguments: {error}", str(mutation.__doc__)) from None
    mutated = mutation(whole, **arguments)
    if mutated == draft.to_bytes():
        raise InputError("mutation", name, "changes nothing in this message", "choose arguments that do")
    return mutated


def _drop_header(draft: Draft, *, header: str) -> bytes:
    """header: the header whose fields all go; Content-Length is not written then."""
    _place(draft, "drop-header", header)
    return draft.remove(header).to_bytes()


def _duplicate_header(draft: Draft, *, header: str, value: object = None) -> bytes:
    """header: the header whose first field comes twice; value: that of the second, the same by default."""
    place = _place(draft, "duplicate-header", header)
    first = draft.fields[place]
    return draft.add(first.name, first.value if value is None else value, at=place + 1).to_bytes()


def _change_value(draft: Draft, *, header: str, value: object) -> bytes:
    """header: the header whose first field changes; value: its new value. Further fields stay."""
    place = _place(draft, "change-value", header)
    name = draft.fields[place].name
    del draft.fields[place]
    return draft.add(name, value, at=place).to_bytes()


def _fold_header(draft: Draft, *, header: str) -> bytes:
    """header: the header whose first field is folded (RFC 3261 7.3.1) at each of its blanks, or after its colon."""
    place = _place(draft, "fold-header", header)
    field = draft.fields[place]
    folded = "\r\n ".join(field.value.split(" ")) if " " in field.value else f"\r\n {field.value}"
    del draft.fields[place]
    return draft.add(field.name, folded, at=place).to_bytes()


def _compact_names(draft: Draft) -> bytes:
    """No arguments: every header name that has a compact form is written in it (RFC 3261 7.3.3)."""
    draft.compact = True
    return draft.to_bytes()


def _recase_names(draft: Draft) -> bytes:
    """No arguments: the letters of every header name change case; names are the same in any (RFC 3261 7.3.1)."""
    for place, field in enumerate(draft.fields):
        name = field.name.swapcase()
        raw = field.raw and name.encode("utf-8", "surrogateescape") + field.raw[len(field.name) :]
        draft.fields[place] = replace(field, name=name, raw=raw)
    return draft.to_bytes()


def _truncate(draft: Draft, *, octets: int | str) -> bytes:
    """octets: how many are left; a negative number: how many are cut off at the end."""
    try:
        return draft.to_bytes()[: int(octets)]
    except ValueError:
        raise InputError("mutation truncate", "octets", f"{octets!r} is no number", "give a count of octets") from None


def _replace_bytes(draft: Draft, *, old: bytes | str, new: bytes | str) -> bytes:
    """old: octets (or text, as UTF-8) of the message; new: what the first occurrence becomes."""
    data, wanted = draft.to_bytes(), _octets(old)
    if not wanted or wanted not in data:
        raise InputError(
            "mutation replace-bytes", "old", f"{old!r} is not in the message", "give octets that are in it"
        )
    return data.replace(wanted, _octets(new), 1)


MUTATIONS: Mapping[str, Callable[..., bytes]] = {
    "drop-header": _drop_header,
    "duplicate-header": _duplicate_header,
    "change-value": _change_value,
    "fold-header": _fold_header,
    "compact-names": _compact_names,
    "recase-names": _recase_names,
    "truncate": _truncate,
    "replace-bytes": _replace_bytes,
}
"""Every mutation by its name; the docstring of each says what arguments it takes."""


def _place(draft: Draft, mutation: str, header: str) -> int:
    key = canonical(header).lower()
    for place, field in enumerate(draft.fields):
        if field.key == key:
            return place
    raise InputError(f"mutation {mutation}", header, "the message has no such header", "name one that it has")


def _octets(data: bytes | str) -> bytes:
    return data if isinstance(data, bytes) else data.encode("utf-8", "surrogateescape")
