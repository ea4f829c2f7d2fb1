"""What the fixture of the simulated core gives to a test of a UE."""

from __future__ import annotations

from collections.abc import Sequence

from imsreg.errors import InputError
from imsreg.pytest_support.objects import Requirements, fault_of, octets_of
from imsreg.registration.attendant import Attendant
from imsreg.sip.draft import Draft
from imsreg.sip.message import Request, Response
from imsreg.tester.ue_associations import SetView
from imsreg.tester.ue_case import PATIENCE, UeCase
from imsreg.verdict.profile_control import Action


class Core:
    """The network of the UE under test. `build` makes every message; what is sent the test decides.

    A UE that sends nothing ends the test as INCONCLUSIVE, unless a requirement was broken before.
    """

    def __init__(self, case: UeCase) -> None:
        self._case = case
        self._lane = case.power_on()

    @property
    def build(self) -> Attendant:
        """Builds responses and NOTIFYs: `challenge(request, av=...)`, `ok(request)`, `response(request, 503)`, ..."""
        return self._lane.attendant

    def tell(self, action: Action) -> None:
        """Tell the UE to "register", to "deregister" or to "reset"."""
        self._powered().tell(action)

    def expect_request(self, method: str, *, within: float = PATIENCE) -> Request:
        """The UE's next request with this method; waits at most `within` seconds."""
        return self._powered().expect_request(method, within)

    def respond(self, request: Request, response: Draft | bytes, *, on: str | None = None) -> None:
        """Answer a request of the UE.

        In mode ipsec `on="clear"` or `on="DL2 of the established set"` sends it where no P-CSCF would: then it is no
        answer, and the right one may still follow.
        """
        self._powered().respond(request, response, on)

    def send(self, message: Draft | bytes, *, on: str | None = None) -> Response:
        """Send the UE a request, such as NOTIFY, and wait for the final response. `on` as for `respond`."""
        case = self._powered()
        case.send(message, on)
        return case.expect()

    def post(self, message: Draft | bytes, *, on: str | None = None) -> None:
        """Send the UE a request and wait for nothing: what it must not take it may leave unanswered."""
        self._powered().send(message, on)

    def inject(self, fault: str, message: Draft | bytes = b"", *, on: str) -> None:
        """Send the UE a datagram on an association of the network, wrong in one way: see `Ue.inject`."""
        self._powered().inject(fault_of(fault), octets_of(message), on)

    @property
    def sets(self) -> Sequence[SetView]:
        """The sets of associations that the network has with the UE, oldest first, without their keys."""
        return self._powered().sets

    def keep_associations(self) -> None:
        """From now on the network keeps the sets that it would delete, to see whether the UE still uses them."""
        self._powered().keep_sets()

    def register(self) -> Request:
        """Tell the UE to register, challenge it, accept the answer. Returns the REGISTER that was accepted."""
        return self._powered().register()

    def advance(self, seconds: float) -> None:
        """Let time pass; a real UE is waited for."""
        self._powered().advance(seconds)

    def requirements(self, *selectors: str) -> Requirements:
        """The requirements that selectors name: an id, "24.229/5.1.1.2" (that clause and below), "rfc3261"."""
        catalogue = self._case.session.catalogue
        ids: Sequence[str] = [row.id for selector in selectors for row in catalogue.select(selector)]
        return Requirements(self._case, None, ids)

    def _powered(self) -> UeCase:
        if self._case.closed:
            raise InputError(self._case.name, "", "the test function has returned, the core is off", "use it within it")
        return self._case
