"""The identities on an ISIM, as a card reader shows its files (TS 31.103 4.2.2 to 4.2.4)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

_TAG = 0x80
"""Tag of the one data object in EF_IMPI and EF_DOMAIN, and in each record of EF_IMPU."""

_UNUSED = 0xFF


class IsimIdentities(NamedTuple):
    """EF_IMPI, EF_DOMAIN and the records of EF_IMPU in their order, without those that are empty."""

    impi: str
    home_domain: str
    impus: tuple[str, ...]


def read_isim(ef_impi: bytes, ef_domain: bytes, ef_impu: Sequence[bytes]) -> IsimIdentities:
    """The identities in the contents of the three files; `ef_impu` has one element for each record.

    Raises ValueError naming the file.
    """
    impus = tuple(
        value
        for number, record in enumerate(ef_impu, 1)
        if (value := _value(f"record {number} of EF_IMPU", record)) is not None
    )
    impi, domain = _value("EF_IMPI", ef_impi), _value("EF_DOMAIN", ef_domain)
    if impi is None or domain is None or not impus:
        empty = "EF_IMPI" if impi is None else "EF_DOMAIN" if domain is None else "EF_IMPU"
        raise ValueError(f"{empty} is empty")
    return IsimIdentities(impi, domain, impus)


def _value(name: str, octets: bytes) -> str | None:
    """The text of the data object that a file or a record begins with; None if it holds none. Padding may follow."""
    if not octets.rstrip(bytes((_UNUSED,))):
        return None
    if octets[0] != _TAG or len(octets) < 2:
        raise ValueError(f"{name} does not begin with tag 80 and a length")
    length, start = octets[1], 2
    if length == 0x81:  # a length above 127 stands in an octet of its own
        length, start = int.from_bytes(octets[2:3]), 3
    elif length > 0x7F:
        raise ValueError(f"{name} has a length that cannot be read: {length:02x}")
    value, padding = octets[start : start + length], octets[start + length :]
    if len(value) < length:
        raise ValueError(f"{name} says {length} octets and has {len(value)}")
    if padding.strip(bytes((_UNUSED,))):
        raise ValueError(f"{name} has {len(padding)} octets behind its value")
    try:
        return value.decode("utf-8") or None
    except UnicodeDecodeError:
        raise ValueError(f"{name} is not UTF-8") from None
