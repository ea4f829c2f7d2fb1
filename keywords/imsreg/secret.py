"""Opaque handles for keys: K, OP, OPc, CK, IK, RES, passwords, ESP keys."""

from __future__ import annotations

import hmac
from typing import NoReturn


class Secret:
    """Octets that never show themselves: a constant repr, no str, no format, no iteration, no pickle.

    The engine rooms call `reveal()` where the octets enter a computation, and nowhere else.
    """

    __slots__ = ("_octets",)

    def __init__(self, octets: bytes) -> None:
        self._octets = bytes(octets)

    def reveal(self) -> bytes:
        """The octets themselves. Never pass the result to a log, a report, an exception or an argument list."""
        return self._octets

    def __len__(self) -> int:
        return len(self._octets)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(self._octets, other._octets)

    # Handles do not go into sets or dictionaries: a hash of a short key is a fingerprint of it.
    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return "<secret>"

    def __format__(self, spec: str) -> str:
        return "<secret>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Secret is not serialised: name the key's file or environment variable instead")
