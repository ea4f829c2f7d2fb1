"""What the mutations share: finding the place, reading their arguments, refusing what cannot be."""

from __future__ import annotations

from imsreg.errors import InputError
from imsreg.sip.draft import Draft, DraftField
from imsreg.sip.names import key_of


def place_of(draft: Draft, mutation: str, header: str) -> int:
    """The index of the first field of a header. Raises InputError if there is none."""
    key = key_of(header)
    for place, field in enumerate(draft.fields):
        if field.key == key:
            return place
    raise InputError(f"mutation {mutation}", header, "the message has no such header", "name one that it has")


def places_of(draft: Draft, mutation: str, header: str) -> list[int]:
    """The indexes of all fields of a header. Raises InputError if there are none."""
    place_of(draft, mutation, header)
    key = key_of(header)
    return [place for place, field in enumerate(draft.fields) if field.key == key]


def put(draft: Draft, place: int, value: object) -> bytes:
    """The octets with another value in the field at `place`."""
    name = draft.fields[place].name
    del draft.fields[place]
    return draft.add(name, value, at=place).to_bytes()


def rename(field: DraftField, name: str) -> DraftField:
    """The field under another name, with the octets of its value as they were."""
    raw = field.raw and octets_of(name) + field.raw[len(octets_of(field.name)) :]
    return DraftField(name, field.value, raw, field.measured)


def integer(mutation: str, name: str, value: int | str) -> int:
    """A whole number. Raises InputError."""
    try:
        return int(value)
    except ValueError:
        raise InputError(f"mutation {mutation}", name, f"{value!r} is no number", "give a whole number") from None


def octets_of(data: bytes | str) -> bytes:
    """Octets as they are, text as UTF-8, lone surrogates of surrogateescape as the octets they stand for."""
    return data if isinstance(data, bytes) else data.encode("utf-8", "surrogateescape")
