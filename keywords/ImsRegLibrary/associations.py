"""Keywords about security associations: what is sent on which, what is broken on purpose, what is looked at."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from robot.api.deco import keyword

from imsreg.errors import InputError
from imsreg.sip.draft import Draft
from imsreg.sip.message import Response
from imsreg.tester.way import parse_fault
from ImsRegLibrary.component import Component


class AssociationKeywords(Component):
    """For DUTs in security mode ipsec. A set has four associations: UL1 and UL2 from the UE, DL1 and DL2 towards it.

    Sets are temporary (the challenge has not been answered yet), established, old, retiring or, if the UE keeps them,
    deleted. ``on`` names one association as in ``UL1 of the temporary set``, or says ``clear``. UDP and TCP share an
    association: ``UL1 of the established set over TCP`` takes the other one.
    """

    @keyword
    def inject_packet(self, fault: str, on: str, message: Draft | bytes | str = b"") -> None:
        """Sends a datagram with this message on an association of the tester, with one thing wrong.

        ``fault`` is one of ``bad ICV``, ``replay`` (the last packet again, to the octet: it needs no message),
        ``wrong SPI``, ``wrong inner port``, ``in the clear`` (between the protected ports, without ESP).
        """
        try:
            wanted = parse_fault(fault)
        except ValueError as error:
            raise InputError("Inject Packet", "fault", str(error), "name one of them") from None
        self._bench.running().inject(wanted, _octets(message), on)

    @keyword
    def keep_associations(self) -> None:
        """From now on the tester lets no set of associations go: deleted ones can still be used, to see who listens.

        It is the simulated UE that keeps them, or the simulated core where a UE is tested.
        """
        self._case.keep_sets()

    @keyword
    def prepare_for_the_clear(self, message: Draft) -> Draft:
        """Gives a request the Via of one in the clear, as a UE that sends it there would. Changes and returns it."""
        return self._ue.for_the_clear(message)

    @keyword
    def get_associations(self) -> list[Any]:
        """The sets that the tester's side has, oldest first: ``${sets[-1].phase}``, ``${sets[-1].ue.port_s}``, ...

        Each has ``phase``, ``ue`` and ``p_cscf`` (``spi_c``, ``spi_s``, ``port_c``, ``port_s``), ``transform``
        (``alg``, ``ealg``) and ``associations``, and no keys.
        """
        return list(self._bench.running().sets)

    @keyword
    def wait_for_answer(self, within: timedelta = timedelta(seconds=4)) -> Response | None:
        """The final response to the last request, or ``${None}`` if none comes within the time, as it well may.

        After that the request is not repeated any more. The scenario goes on either way; the checks judge.
        """
        return self._cscf_case.wait_for_answer(within.total_seconds())


def _octets(message: Draft | bytes | str) -> bytes:
    if isinstance(message, Draft):
        return message.to_bytes()
    return message if isinstance(message, bytes) else message.encode()
