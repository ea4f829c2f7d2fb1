"""What every back end does."""

from __future__ import annotations

import socket
from typing import Protocol, runtime_checkable

from imsreg.errors import ImsRegError
from imsreg.secagree.associations import Association, SaSet, Side
from imsreg.secagree.events import EspEvent, Fault
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
        """Take out exactly these four associations; nothing if they are not installed.

        What its sockets have sent before leaves protected.
        """

    def open_socket(self, address: Address, transport: Transport) -> socket.socket:
        """A non-blocking socket, not bound yet, for `address`'s family: what passes by it is protected, or lost.

        Raises OSError, or BackendError where there is no protection.
        """

    def catch_up(self) -> None:
        """Have the observer told of every packet that has passed so far."""

    def close(self) -> None:
        """Take out everything that was installed and give everything back. Safe to call twice."""


@runtime_checkable
class InjectingBackend(IpsecBackend, Protocol):
    """A back end that can also break each rule."""

    def inject(self, association: Association, fault: Fault, data: bytes = b"") -> EspEvent:
        """Send a datagram with `data` on an association, wrong on purpose; its record, which the observer gets, too.

        Raises BackendError if the association is not installed for sending, or nothing has been sent to repeat.
        """
