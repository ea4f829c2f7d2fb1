"""Keywords that power UEs on and off and run whole registrations."""

from __future__ import annotations

from typing import Literal

from robot.api.deco import keyword
from robot.libraries.BuiltIn import BuiltIn

from imsreg.errors import InputError
from imsreg.robot.bench import TAG
from imsreg.robot.listener import finish
from imsreg.sip.message import Response
from imsreg.tester.cscf_case import Credentials, Proposals
from imsreg.tester.simulated_ue import SimulatedUe
from ImsRegLibrary.component import Component

Transport = Literal["UDP", "TCP"]
Family = Literal["IPv4", "IPv6"]
Security = Literal["none", "headers", "ipsec"]


class UeKeywords(Component):
    """Set-up flows: they bring UE and DUT to the state before the message under test."""

    @keyword("Power On UE")
    def power_on_ue(
        self,
        transport: Transport | None = None,
        family: Family | None = None,
        subscriber: str | None = None,
        security: Security | None = None,
        proposals: Proposals = "current",
        algorithms: str | None = None,
        compact: bool = False,
        credentials: Credentials = "aka",
    ) -> SimulatedUe:
        """Powers a simulated UE on, with an address and a subscriber of its own, and sets ``${UE}``.

        ``${UE.impu}``, ``${UE.impi}``, ``${UE.home_domain}``, ``${UE.contact}`` and ``${UE.address}`` can be read.
        Without arguments the UE uses the profile's first transport and family, and its security mode. ``security=none``
        leaves the security agreement out; with ``security=ipsec`` the test is N/A in any other mode.
        ``proposals=legacy`` offers the six combinations that were current before Release 14, and
        ``algorithms=hmac-sha-1-96/aes-cbc,aes-gmac/null`` offers these (integrity/encryption), in this order.
        ``compact`` writes compact header names. ``credentials=password`` takes a subscriber with a password, who
        registers by SIP digest. A second UE in the same test sets ``${UE}`` too; messages then come from the last one.

        The test is N/A if the profile or the tester's host lacks what is asked for.
        """
        if self._bench.case is None:
            variables = BuiltIn().get_variables()
            if "${TEST_NAME}" not in variables:
                raise InputError("Power On UE", "", "no test is running", "call it in a test or a test setup")
            name = f"{str(variables['${SUITE_NAME}']).rpartition('.')[2]}: {variables['${TEST_NAME}']}"
            self._bench.begin(name, [str(t) for t in variables["@{TEST_TAGS}"] if str(t).startswith(TAG)], "cscf")
        ue = self._cscf_case.power_on(
            transport=transport,
            family=family,
            subscriber=subscriber,
            security=security,
            proposals=proposals,
            algorithms=algorithms,
            compact=compact,
            credentials=credentials,
        )
        BuiltIn().set_test_variable("${UE}", ue)
        return ue

    @keyword("Power Off UE")
    def power_off_ue(self) -> None:
        """Ends the test: de-registers what is registered, closes sockets, judges, writes and logs the evidence."""
        if self._bench.case is not None:
            finish(self._bench.case)

    @keyword
    def register(self) -> Response:
        """Registers: REGISTER, challenge, answer. Returns the final response, whatever its status."""
        return self._ue.register()

    @keyword
    def refresh_registration(self) -> Response:
        """Sends a REGISTER that extends the binding, answers a challenge, and returns the final response."""
        return self._ue.complete(self._ue.registration.refresh())

    @keyword
    def fetch_bindings(self) -> Response:
        """Sends a REGISTER without Contact (RFC 3261 10.2.3), answers a challenge, and returns the final response."""
        return self._ue.complete(self._ue.registration.fetch())

    @keyword
    def deregister(self) -> Response:
        """Removes the UE's binding (expiry zero), answers a challenge, and returns the final response."""
        return self._ue.complete(self._ue.registration.deregister())

    @keyword("Advance USIM Sequence Number")
    def advance_usim_sequence_number(self) -> None:
        """Lets the USIM have seen far later sequence numbers than that of the last challenge.

        The challenge that is answered next is out of range for it, so that its answer is AUTS (TS 33.102 6.3.5). Before
        any challenge the subscriber file says how far the AuC is.
        """
        self._ue.advance_sqn()
