"""Keywords of a UE's subscription to its registration state (RFC 3680; TS 24.229 5.1.1.3, 5.1.2)."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from robot.api.deco import keyword

from imsreg.sip.draft import Draft
from imsreg.sip.message import Request, Response
from imsreg.tester.cscf_case import NOTICE
from imsreg.tester.simulated_ue import SimulatedUe
from ImsRegLibrary.component import Component

State = Literal["active", "pending", "terminated"]
"""What Subscription-State says (RFC 6665 8.2.3)."""


class SubscriptionKeywords(Component):
    """The UE answers every NOTIFY by itself: 200 in the dialog of its subscription, else 481 (RFC 6665 4.1.3).

    ``Refresh Subscription``, ``Unsubscribe`` and ``Expect Notify`` mean the subscription that was begun last.
    """

    @keyword
    def build_subscribe(self, expires: int = 600_000, identity: str | None = None) -> Draft:
        """The SUBSCRIBE that begins a subscription to the registration state of the UE's default public identity.

        Its Route names the P-CSCF, and then the Service-Route that the UE got. ``identity`` is the URI of another
        identity to subscribe to. The test is N/A if the profile does not claim ``reg-event``.
        """
        return self._cscf_case.subscribe(expires=expires, identity=identity)

    @keyword
    def build_subscription_refresh(self, expires: int = 600_000) -> Draft:
        """A SUBSCRIBE in the dialog of the subscription; with ``expires=0`` it ends it (RFC 6665 4.1.2.3)."""
        return self._ue.resubscribe(expires=expires)

    @keyword
    def subscribe_to_registration_state(self, expires: int = 600_000) -> Response:
        """Sends what Build Subscribe makes, waits for the final response and returns it, whatever its status.

        ``expires=0`` asks for the state once (RFC 6665 4.4.3).
        """
        return self._exchange(self._cscf_case.subscribe(expires=expires))

    @keyword
    def refresh_subscription(self, expires: int = 600_000) -> Response:
        """Sends a SUBSCRIBE in the dialog of the subscription and returns the final response, whatever its status."""
        return self._exchange(self._ue.resubscribe(expires=expires))

    @keyword
    def unsubscribe(self) -> Response:
        """Ends the subscription: a SUBSCRIBE in its dialog with ``Expires: 0``. Returns the final response."""
        return self._exchange(self._ue.resubscribe(expires=0))

    @keyword
    def expect_notify(
        self,
        state: State | None = None,
        within: timedelta = timedelta(seconds=NOTICE),
        ue: SimulatedUe | None = None,
    ) -> Request:
        """Waits for the next NOTIFY of the subscription that the test has not had yet, and returns it.

        ``state=terminated`` waits for one with that Subscription-State and passes over those before it. ``ue`` is the
        UE that it comes to, where it is not the one that was powered on last. None within the time stops the scenario.
        """
        return self._cscf_case.expect_notify(state=state, within=within.total_seconds(), ue=ue)

    @keyword
    def wait_for_notify(
        self,
        state: State | None = None,
        within: timedelta = timedelta(seconds=NOTICE),
        ue: SimulatedUe | None = None,
    ) -> Request | None:
        """As Expect Notify, but ``${None}`` if none comes within the time, as it well may.

        The scenario goes on either way; the checks judge.
        """
        return self._cscf_case.wait_for_notify(state=state, within=within.total_seconds(), ue=ue)

    def _exchange(self, draft: Draft) -> Response:
        self._cscf_case.send(draft)
        return self._cscf_case.expect()
