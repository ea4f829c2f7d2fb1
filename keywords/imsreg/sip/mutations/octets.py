"""Mutations of the octets of a message, whatever they mean."""

from __future__ import annotations

from imsreg.errors import InputError
from imsreg.sip.draft import Draft
from imsreg.sip.mutations.common import integer, octets_of


def truncate(draft: Draft, *, octets: int | str) -> bytes:
    """octets: how many are left; a negative number: how many are cut off at the end."""
    return draft.to_bytes()[: integer("truncate", "octets", octets)]


def replace_bytes(draft: Draft, *, old: bytes | str, new: bytes | str) -> bytes:
    """old: octets (or text, as UTF-8) of the message; new: what the first occurrence becomes."""
    data, wanted = draft.to_bytes(), octets_of(old)
    if not wanted or wanted not in data:
        raise InputError(
            "mutation replace-bytes", "old", f"{old!r} is not in the message", "give octets that are in it"
        )
    return data.replace(wanted, octets_of(new), 1)


def insert_bytes(draft: Draft, *, at: int | str, octets: bytes | str) -> bytes:
    """at: before which octet, 0 is the first, a negative number counts from the end; octets: what comes there."""
    data = draft.to_bytes()
    place = _place(data, "insert-bytes", at)
    return data[:place] + octets_of(octets) + data[place:]


def delete_bytes(draft: Draft, *, at: int | str, count: int | str = 1) -> bytes:
    """at: the first octet that goes, a negative number counts from the end; count: how many go."""
    data = draft.to_bytes()
    place = _place(data, "delete-bytes", at)
    return data[:place] + data[place + max(0, integer("delete-bytes", "count", count)) :]


def flip_bit(draft: Draft, *, at: int | str, bit: int | str = 0) -> bytes:
    """at: the octet, a negative number counts from the end; bit: which of its bits, 0 the lowest to 7."""
    data = bytearray(draft.to_bytes())
    place = _place(data, "flip-bit", at)
    which = integer("flip-bit", "bit", bit)
    if not (place < len(data) and 0 <= which <= 7):
        raise InputError("mutation flip-bit", "bit", f"there is no bit {bit} of octet {at}", "bits are 0 to 7")
    data[place] ^= 1 << which
    return bytes(data)


def prepend_bytes(draft: Draft, *, octets: bytes | str = "\r\n\r\n") -> bytes:
    """octets: what comes before the start line, two line ends by default (RFC 3261 7.5)."""
    return octets_of(octets) + draft.to_bytes()


def append_bytes(draft: Draft, *, octets: bytes | str) -> bytes:
    """octets: what follows the body that Content-Length measures."""
    return draft.to_bytes() + octets_of(octets)


def bare_lf(draft: Draft) -> bytes:
    """No arguments: every line of the head ends with LF alone."""
    return _in_head(draft, b"\n")


def bare_cr(draft: Draft) -> bytes:
    """No arguments: every line of the head ends with CR alone, so that the head is one line."""
    return _in_head(draft, b"\r")


def drop_empty_line(draft: Draft) -> bytes:
    """No arguments: no empty line divides the head from the body."""
    head, _, body = draft.to_bytes().partition(b"\r\n\r\n")
    return head + b"\r\n" + body


def _in_head(draft: Draft, line_end: bytes) -> bytes:
    head, empty_line, body = draft.to_bytes().partition(b"\r\n\r\n")
    return (head + empty_line).replace(b"\r\n", line_end) + body


def _place(data: bytes | bytearray, mutation: str, at: int | str) -> int:
    place = integer(mutation, "at", at)
    if not -len(data) <= place <= len(data):
        problem = f"{at} is no place in {len(data)} octets"
        raise InputError(f"mutation {mutation}", "at", problem, "0 is before the first octet, -1 before the last")
    return place % len(data) if place < 0 else place
