"""The nonce of an AKA challenge and the auts of its refusal: binary tokens in base64 (RFC 3310 3.2)."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass

from imsreg.aka.algorithm import RAND_OCTETS
from imsreg.aka.vector import AUTN_OCTETS, AUTS_OCTETS
from imsreg.text import safe_text

# RFC 2045 6.8 without its line breaks, which a quoted-string cannot hold.
_FOREIGN = re.compile(r"[^A-Za-z0-9+/=]")
# Base64 by its letters too, but of that many random octets no base64 looks like this.
_HEXADECIMAL = re.compile(r"[0-9a-f]*|[0-9A-F]*")
_PADDED = re.compile(r"[^=]*={0,2}")


class NonceError(ValueError):
    """A nonce or auts that carries no AKA token: `why` completes "the nonce ..."."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True, slots=True)
class Nonce:
    """RAND (16 octets), AUTN (16), and whatever the server added."""

    rand: bytes
    autn: bytes
    server_data: bytes


def encode(rand: bytes, autn: bytes, server_data: bytes = b"") -> str:
    """The nonce value, without quotes: base64 of RAND, AUTN and server data."""
    return base64.b64encode(rand + autn + server_data).decode()


def decode(nonce: str) -> Nonce:
    """The parts of a nonce value. Raises NonceError if it is not strict base64 of at least 32 octets."""
    octets = _strict(nonce)
    least = RAND_OCTETS + AUTN_OCTETS
    if _HEXADECIMAL.fullmatch(nonce) and len(nonce) >= 2 * least:
        raise NonceError("is hexadecimal, not base64")
    if len(octets) < least:
        raise NonceError(f"holds {len(octets)} octets, RAND and AUTN need {least}")
    return Nonce(octets[:RAND_OCTETS], octets[RAND_OCTETS:least], octets[least:])


def decode_auts(auts: str) -> bytes:
    """The 14 octets of an auts value. Raises NonceError if it is not strict base64 of as many."""
    octets = _strict(auts)
    if len(octets) != AUTS_OCTETS:
        raise NonceError(f"holds {len(octets)} octets, AUTS has {AUTS_OCTETS}")
    return octets


def _strict(value: str) -> bytes:
    """The octets of base64 text in the one form that an encoder produces."""
    if not value:
        raise NonceError("is empty")
    if foreign := _FOREIGN.search(value):
        shown = safe_text(foreign[0])
        raise NonceError(f"is not base64: character {foreign.start() + 1} is {shown!r}")
    if len(value) % 4 or not _PADDED.fullmatch(value):
        raise NonceError(f"is not base64: {len(value)} characters with misplaced or missing padding")
    octets = base64.b64decode(value)
    if base64.b64encode(octets).decode() != value:
        raise NonceError("is not base64: stray bits after the last octet")
    return octets
