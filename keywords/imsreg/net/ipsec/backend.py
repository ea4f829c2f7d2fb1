"""What every back end does."""

from __future__ import annotations

import socket
from typing import Protocol

from imsreg.errors import ImsRegError
from imsreg.secagree.associations import SaSet, Side
from imsreg.sip.flow import Address, Transport


class BackendError(ImsRegError):
    """A back end cannot do what is asked of it: the reason, on one line."""


class IpsecBackend(Protocol):
    """Carries security associations. May be used from any thread; each packet becomes a record for its observer."""

    def install(self, sas: SaSet, side: Side) -> None:
        """Send and receive on the four associations of a set, as the UE or as the P-CSCF.

        Raises BackendError if the set is installed already, one of its SPIs is in use, this side's address is none of
        the back end's, or the system refuses it; then nothing of it is left.
        """

    def remove(self, sas: SaSet) -> None:
        """Take out exactly these four associations; nothing if they are not installed."""

    def open_socket(self, address: Address, transport: Transport) -> socket.socket:
        """A non-blocking socket, not bound yet, for `address`'s family: what passes by it is protected, or lost.

        Raises OSError, or BackendError where there is no protection.
        """

    def close(self) -> None:
        """Take out everything that was installed and give everything back. Safe to call twice."""
