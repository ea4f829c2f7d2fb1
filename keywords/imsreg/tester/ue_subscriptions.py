"""A simulated UE's subscriptions to registration state: SUBSCRIBE written, NOTIFY taken (RFC 6665 4.1; RFC 3680)."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from random import Random
from typing import NamedTuple

from imsreg.registration.replies import reply
from imsreg.registration.subscription import ENDING
from imsreg.registration.ue import UeRegistration
from imsreg.registration.ue_dialog import Dialog, SubscribeParts, subscribe
from imsreg.registration.ue_line import Way
from imsreg.registration.vias import received_vias, set_vias
from imsreg.sip.draft import Draft
from imsreg.sip.errors import HeaderError
from imsreg.sip.flow import Address, Flow
from imsreg.sip.headers.subscription_state import SubscriptionState
from imsreg.sip.message import Request, Response
from imsreg.tester.outcome import ScenarioStopped

MAX_NOTIFIES = 1000
"""NOTIFY requests of one subscription that a test can look at; what comes beyond is answered and not kept."""


class Notice(NamedTuple):
    """A NOTIFY and the state that it gives the subscription, None where it says none that can be read."""

    request: Request
    state: str | None


@dataclass(eq=False)
class UeSubscription:
    """One subscription: its dialog, who subscribes, and the NOTIFY requests that a test has not had yet."""

    dialog: Dialog
    sender: str
    ended: bool = False
    notices: list[Notice] = field(default_factory=list)
    kept: int = 0

    @property
    def lives(self) -> bool:
        """Whether the DUT may hold it: it was answered, by a 2xx or a NOTIFY, and nothing has ended it."""
        return self.dialog.remote_tag is not None and not self.ended

    def waiting(self, state: str | None) -> bool:
        """Whether there is a NOTIFY for `take`."""
        return any(state in (None, each.state) for each in self.notices)

    def take(self, state: str | None) -> Request | None:
        """The oldest NOTIFY left with this state, or any; those before it are passed over for good."""
        for place, notice in enumerate(self.notices):
            if state in (None, notice.state):
                del self.notices[: place + 1]
                return notice.request
        return None

    def keep(self, request: Request) -> None:
        """Take in a NOTIFY that the dialog has taken."""
        notice = Notice(request, _state(request))
        self.ended = self.ended or notice.state == "terminated"
        if self.kept < MAX_NOTIFIES:
            self.kept += 1
            self.notices.append(notice)


class UeSubscriptions:
    """The subscriptions of one UE, oldest first; `local` is its unprotected address, `p_cscf` that of the other side.

    To be called on the link's thread, but for what only reads.
    """

    def __init__(self, registration: UeRegistration, local: Address, p_cscf: Address, random: Random) -> None:
        self._registration = registration
        self._way = Way(local, p_cscf, registration.transport)
        self._random = random
        self._all: list[UeSubscription] = []

    @property
    def latest(self) -> UeSubscription | None:
        """The one that was begun last, None before the first."""
        return self._all[-1] if self._all else None

    @property
    def live(self) -> bool:
        """Whether the DUT may hold one."""
        return any(each.lives for each in self._all)

    def first(self, *, expires: int, identity: str | None = None) -> Draft:
        """The SUBSCRIBE of a new subscription (TS 24.229 5.1.1.3), to `identity` or the UE's default identity.

        Preloaded is the P-CSCF, and then the Service-Route of the last 200 (5.1.2A.1.1).
        """
        sender = self._registration.default_identity
        dialog = Dialog(
            identity=identity or sender,
            call_id=f"{self._random.randbytes(12).hex()}@{self._way.local.sip_host}",
            local_tag=self._random.randbytes(6).hex(),
            target=identity or sender,
            cseq=self._random.randrange(1, 1 << 16),
        )
        self._all.append(UeSubscription(dialog, sender))
        return self._draft(self._all[-1], expires)

    def again(self, *, expires: int) -> Draft:
        """A SUBSCRIBE in the dialog of the latest one: a refresh, or with 0 the end (RFC 6665 4.1.2.2, 4.1.2.3).

        Raises ScenarioStopped if the DUT holds none.
        """
        latest = self.latest
        if latest is None or not latest.lives:
            raise ScenarioStopped("precondition", "there is no subscription: the DUT has accepted none, or ended it")
        return self._draft(latest, expires)

    def concluded(self, request: Request, response: Response) -> None:
        """A response to a request of the UE has come; of others than SUBSCRIBE, and provisional ones, nothing follows.

        A 2xx makes the dialog; another response leaves none, or ends it (RFC 6665 4.1.2.2).
        """
        found = next((each for each in self._all if each.dialog.call_id == request.value("Call-ID")), None)
        if found is None or request.method != "SUBSCRIBE" or response.status < 200:
            return
        if response.status // 100 == 2:
            found.dialog.confirm(response)
        elif found.dialog.remote_tag is None or response.status in ENDING:
            found.ended = True

    def answer(self, request: Request, flow: Flow) -> Draft:
        """The response to a NOTIFY: 200 in a dialog of a subscription, else 481 (RFC 6665 4.1.3).

        500 if its CSeq is not higher than that of the one before (RFC 3261 12.2.2).
        """
        found = next((each for each in self._all if not each.ended and each.dialog.owns(request)), None)
        status = 481
        if found is not None and (status := 200 if found.dialog.take(request) else 500) == 200:
            found.keep(request)
        response = reply(request, status)
        with suppress(HeaderError):  # a Via that cannot be read goes back as it came
            set_vias(response, received_vias(request, flow))
        return response

    def _draft(self, subscription: UeSubscription, expires: int) -> Draft:
        registration, way = self._registration, self._way
        outlet = registration.outlet()
        first = way.route if outlet is None else way._replace(core=outlet.flow.remote).route
        verify = registration.security_server
        parts = SubscribeParts(
            branch=f"z9hG4bK{self._random.randbytes(10).hex()}",
            transport=way.transport,
            sent_by=way.local if outlet is None else outlet.sent_by,
            contact=registration.contact,
            expires=expires,
            route=[first, *registration.current.service_route],
            security_verify=verify,
            sec_agree=bool(verify),
            protected=outlet is not None,
        )
        draft = subscribe(subscription.dialog, parts)
        return draft.set("From", f"<{subscription.sender}>;tag={subscription.dialog.local_tag}")


def _state(request: Request) -> str | None:
    try:
        state = request.get(SubscriptionState)
    except HeaderError:
        return None
    return None if state is None else state.state
