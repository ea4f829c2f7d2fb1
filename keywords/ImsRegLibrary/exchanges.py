"""Keywords that send requests and expect responses."""

from __future__ import annotations

from robot.api.deco import keyword

from imsreg.registration.credentials import ResChoice
from imsreg.sip.draft import Draft
from imsreg.sip.message import Response
from ImsRegLibrary.component import Component


class ExchangeKeywords(Component):
    """One request, its final response. A response that was not expected stops the scenario; verdicts are given."""

    @keyword
    def send_request(self, message: Draft | bytes, on: str | None = None) -> None:
        """Sends a request in a transaction of its own (RFC 3261 17.1.2).

        With a DUT in security mode ipsec it goes where it belongs, or elsewhere on purpose: ``on=clear`` between the
        unprotected ports, ``on=UL2 of the temporary set`` on an association of the tester (see Inject Packet).
        """
        self._case.send(message, on)

    @keyword
    def send_octets(self, octets: bytes | str) -> None:
        """Sends octets outside any transaction, as they are; text becomes UTF-8, ``\\r\\n`` has to be written."""
        self._ue.send_raw(octets if isinstance(octets, bytes) else octets.encode())

    @keyword
    def send_in_segments(self, *messages: Draft | bytes | str, at: list[int] | None = None) -> None:
        """Sends messages on the UE's TCP connection as one stream, in one segment or in several.

        ``Send In Segments    ${one}    ${another}`` puts both into one segment; ``at=[20, -2]`` cuts the stream before
        octet 20, and before the last two. Octets and text are what goes between requests, as for Send Octets.
        """
        octets = [message.encode() if isinstance(message, str) else message for message in messages]
        self._cscf_case.send_cut(octets, at or ())

    @keyword
    def expect_response_to_each(self) -> list[Response]:
        """Waits for the final response to each request of the last Send In Segments, whatever they are."""
        return self._cscf_case.expect_each()

    @keyword
    def send_initial_register(self, expires: int = 600_000) -> None:
        """Builds and sends the first REGISTER of a registration."""
        self._cscf_case.send(self._ue.registration.initial_register(expires=expires))

    @keyword
    def send_register_answering(
        self, challenge: Response, res: ResChoice = ResChoice.RIGHT, on: str | None = None
    ) -> None:
        """Builds and sends the REGISTER that answers a challenge; ``on`` as for Send Request."""
        self._cscf_case.send(self._ue.answer(challenge, res), on)

    @keyword
    def expect_response(self, status: int, alternatives: str = "", **named: str) -> Response:
        """Waits for the final response to the last request and returns it.

        ``Expect Response    403    or=401,404`` takes other codes as well. Any other response stops the scenario:
        the test then ends with the verdicts that the transcript allows.
        """
        others = [int(code) for code in named.get("or", alternatives).split(",") if code.strip()]
        return self._case.expect(status, *others)

    @keyword
    def expect_final_response(self) -> Response:
        """Waits for the final response to the last request and returns it, whatever its status."""
        return self._case.expect()

    @keyword
    def send_again(self, times: int = 1) -> None:
        """Sends the octets of the last request again, as retransmissions, until ``times`` of them have been answered.

        One that brings nothing within 2 T1 may have been lost and is followed by another, at most ten in a row.
        """
        self._cscf_case.send_again(times)
