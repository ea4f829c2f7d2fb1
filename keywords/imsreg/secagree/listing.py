"""A list of security mechanisms as it came: repeated header fields and comma lists are one list (RFC 3261 7.3.1)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

from imsreg.sip.errors import HeaderError
from imsreg.sip.headers.security import SecurityMechanism
from imsreg.sip.split import split_list

M = TypeVar("M", bound=SecurityMechanism)


@dataclass(frozen=True, slots=True)
class Listing(Generic[M]):
    """The entries of a list that can be read, in order, and why the others cannot."""

    entries: tuple[M, ...]
    unreadable: tuple[str, ...] = ()


def read_list(values: Iterable[str], header: type[M]) -> Listing[M]:
    """The list that header field values make up, each of them a comma list.

    An entry that cannot be read costs the others nothing: a client chooses among the mechanisms that it knows
    (RFC 3329 2.3.1).
    """
    entries: list[M] = []
    unreadable: list[str] = []
    for text in (text for value in values for text in split_list(value)):
        try:
            entries.append(header.parse(text))
        except HeaderError as error:
            unreadable.append(error.why)
    return Listing(tuple(entries), tuple(unreadable))
