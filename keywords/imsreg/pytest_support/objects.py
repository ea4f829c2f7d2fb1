"""What fixtures give to a test: facts about the DUT, simulated UEs, exchanges."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import pytest

from imsreg.errors import InputError
from imsreg.pytest_support.ending import RequirementsDoNotHold
from imsreg.registration.credentials import ResChoice
from imsreg.registration.ue import UeRegistration
from imsreg.registration.ue_request import EXPIRY
from imsreg.secagree.events import Fault
from imsreg.sip.draft import Draft
from imsreg.sip.flow import Address, Transport
from imsreg.sip.message import Request, Response
from imsreg.tester.case import Case
from imsreg.tester.cscf_case import NOTICE, Credentials, CscfCase, Proposals
from imsreg.tester.sent import Sent
from imsreg.tester.session import Family, Session
from imsreg.tester.simulated_ue import SimulatedUe
from imsreg.tester.ue_associations import SetView
from imsreg.tester.way import parse_fault
from imsreg.verdict.runners import status
from imsreg.verdict.verdict import Verdict


@dataclass(frozen=True, slots=True)
class DutFacts:
    """The device under test, as its profile describes it; `addresses` by family ("IPv4", "IPv6")."""

    name: str
    version: str
    build: str
    role: str
    transports: tuple[str, ...]
    addresses: Mapping[str, Address]

    @classmethod
    def of(cls, session: Session) -> DutFacts:
        """The facts of a session's DUT."""
        dut = session.profile.dut
        return cls(dut.name, dut.version, dut.build, dut.role, dut.transports, dict(session.dut.addresses))


class PowerOn:
    """Powers UEs on; each call gives one."""

    def __init__(self, case: CscfCase) -> None:
        self._case = case

    def __call__(
        self,
        *,
        transport: Transport | None = None,
        family: Family | None = None,
        subscriber: str | None = None,
        security: Literal["none", "headers", "ipsec"] | None = None,
        proposals: Proposals = "current",
        algorithms: str | None = None,
        compact: bool = False,
        credentials: Credentials = "aka",
    ) -> Ue:
        """A UE with an address and a subscriber of its own; what is left out the profile decides.

        `algorithms` are what it offers, such as "hmac-sha-1-96/aes-cbc,aes-gmac/null" (integrity/encryption);
        `credentials="password"` takes a subscriber with a password, who registers by SIP digest.
        Raises NotApplicable (the test is skipped) if the profile or the tester's host lacks what is asked for.
        """
        simulated = self._case.power_on(
            transport=transport,
            family=family,
            subscriber=subscriber,
            security=security,
            proposals=proposals,
            algorithms=algorithms,
            compact=compact,
            credentials=credentials,
        )
        return Ue(self._case, simulated)


class Ue:
    """A simulated UE in a test. Whatever it sends gives an exchange.

    A DUT that does not answer ends the test as INCONCLUSIVE, unless a requirement was broken before.
    """

    def __init__(self, case: CscfCase, simulated: SimulatedUe) -> None:
        self._case = case
        self._simulated = simulated
        self.impi = simulated.impi
        self.impu = simulated.impu
        self.home_domain = simulated.home_domain
        self.contact = simulated.contact
        self.address = simulated.address

    @property
    def registered(self) -> bool:
        """Whether the last 200 left a binding of this UE, as the UE sees it."""
        return self._simulated.registered

    @property
    def registration(self) -> UeRegistration:
        """Builds messages to be changed before they are sent: `initial_register()`, `refresh()`, `fetch()`, ..."""
        return self._simulated.registration

    def __repr__(self) -> str:
        return repr(self._simulated)

    @property
    def sets(self) -> Sequence[SetView]:
        """Its sets of associations, oldest first: `sets[-1].phase`, `.ue.port_s`, `.p_cscf.spi_s`, ...; no keys."""
        ue = self._powered()
        return self._case.session.link.call(lambda: ue.sets)

    def send(self, message: Draft | bytes, *, on: str | None = None) -> Exchange:
        """Send a request, or octets that may be wrong on purpose, in a transaction of its own.

        In mode ipsec it goes where it belongs, or elsewhere on purpose: `on="clear"` between the unprotected ports,
        `on="UL2 of the temporary set"` on an association. Raises InputError for other words.
        """
        ue = self._powered()
        return Exchange(self._case, ue, self._case.send(message, on, ue=ue))

    def send_initial_register(self, *, expires: int = EXPIRY) -> Exchange:
        """Send the first REGISTER of a registration (TS 24.229 5.1.1.2)."""
        return self.send(self.registration.initial_register(expires=expires))

    def send_register_answering(
        self, challenge: Response, *, res: ResChoice | str = ResChoice.RIGHT, on: str | None = None
    ) -> Exchange:
        """Send the REGISTER that answers a challenge; `res` is "right", "wrong", "empty" or "hex", `on` as in send."""
        return self.send(self.answer(challenge, res=res), on=on)

    def answer(self, challenge: Response, *, res: ResChoice | str = ResChoice.RIGHT, nc: str | None = None) -> Draft:
        """The REGISTER that answers a challenge, to be changed before it is sent; `nc` is another nonce count."""
        return self._powered().answer(challenge, ResChoice(res), nc)

    def for_the_clear(self, message: Draft) -> Draft:
        """Give a request the Via of one in the clear, for `send(..., on="clear")`; changes and returns it."""
        return self._powered().for_the_clear(message)

    def inject(self, fault: str, message: Draft | bytes = b"", *, on: str) -> None:
        """Send a datagram with this message on an association, wrong in one way.

        `fault` is "bad ICV", "replay" (the last packet again, whatever the message), "wrong SPI", "wrong inner port" or
        "in the clear" (between the protected ports, without ESP).
        """
        self._case.inject(fault_of(fault), octets_of(message), on, ue=self._powered())

    def keep_associations(self) -> None:
        """From now on let go of no set: what is sent `on="UL1 of the deleted set"` shows who still listens."""
        self._powered().associations.keeps = True

    def register(self) -> Exchange:
        """Register: REGISTER, challenge, answer."""
        return self._complete(self.registration.initial_register())

    def refresh(self) -> Exchange:
        """Extend the binding."""
        return self._complete(self.registration.refresh())

    def fetch(self) -> Exchange:
        """Ask for the bindings: a REGISTER without Contact (RFC 3261 10.2.3)."""
        return self._complete(self.registration.fetch())

    def deregister(self) -> Exchange:
        """Remove the binding of this UE: expiry zero."""
        return self._complete(self.registration.deregister())

    def subscribe(self, *, expires: int = EXPIRY) -> Exchange:
        """Subscribe to the registration state of the UE's default identity; expiry zero asks for it once."""
        return self.send(self.build_subscribe(expires=expires))

    def refresh_subscription(self, *, expires: int = EXPIRY) -> Exchange:
        """Send a SUBSCRIBE in the dialog of the last subscription."""
        return self.send(self._powered().resubscribe(expires=expires))

    def unsubscribe(self) -> Exchange:
        """End the last subscription: expiry zero."""
        return self.refresh_subscription(expires=0)

    def build_subscribe(self, *, expires: int = EXPIRY, identity: str | None = None) -> Draft:
        """The SUBSCRIBE of a new subscription, to be changed before it is sent; `identity`: to another one's state.

        The test is skipped as N/A if the profile does not claim reg-event.
        """
        return self._case.subscribe(expires=expires, identity=identity, ue=self._powered())

    def expect_notify(self, *, state: str | None = None, within: float = NOTICE) -> Request:
        """The next NOTIFY of the last subscription that the test has not had yet; it is answered already.

        With a `state`, such as "terminated", the next with that Subscription-State. The test is INCONCLUSIVE if none
        comes within so many seconds.
        """
        return self._case.expect_notify(state=state, within=within, ue=self._powered())

    def wait_for_notify(self, *, state: str | None = None, within: float = NOTICE) -> Request | None:
        """The same, but None if none comes, as it well may."""
        return self._case.wait_for_notify(state=state, within=within, ue=self._powered())

    def _complete(self, draft: Draft) -> Exchange:
        ue = self._powered()
        final = ue.complete(draft)
        assert ue.last is not None
        return Exchange(self._case, ue, ue.last, final)

    def _powered(self) -> SimulatedUe:
        if self._case.closed:
            raise InputError(self._case.name, "", "the test function has returned, its UEs are off", "send within it")
        return self._simulated


class Exchange:
    """A request and what came back; after `register` and the like the last request of several."""

    def __init__(self, case: CscfCase, ue: SimulatedUe, sent: Sent, final: Response | None = None) -> None:
        self._case = case
        self._ue = ue
        self._sent = sent
        self._final = final

    @property
    def request(self) -> Request | None:
        """The request as it went out; None for octets that are no request."""
        return self._sent.request

    @property
    def final(self) -> Response:
        """The final response; waits for it, at most 64 T1."""
        if self._final is None:
            self._final = self._ue.wait(self._sent)
            self._ue.settle(self._sent, self._final)
        return self._final

    def wait_for_answer(self, *, within: float = 4.0) -> Response | None:
        """The final response, or None if none comes within so many seconds, as it well may.

        After that the request is not repeated any more. The scenario goes on either way; the checks judge.
        """
        if self._final is None:
            self._final = self._case.wait_for_answer(within, self._sent, ue=self._ue)
        return self._final

    @property
    def responses(self) -> Sequence[Response]:
        """Every response so far, provisional ones and repetitions too."""
        return tuple(self._sent.responses)

    def requirements(self, *selectors: str) -> Requirements:
        """The requirements that selectors name: an id, "24.229/5.4.1.2.1" (that clause and below), "rfc3261".

        Raises InputError for a selector that names none.
        """
        catalogue = self._case.session.catalogue
        ids = [requirement.id for selector in selectors for requirement in catalogue.select(selector)]
        return Requirements(self._case, self, ids)

    def __repr__(self) -> str:
        outcome = f"{self._final.status}" if self._final is not None else "no final response yet"
        return f"<exchange of {self._ue!r}: {outcome}>"


class Requirements:
    """Requirements to be judged by what the test has sent and received."""

    def __init__(self, case: Case, exchange: Exchange | None, ids: Sequence[str]) -> None:
        self._case = case
        self._exchange = exchange
        self._ids = ids

    def should_hold(self) -> None:
        """Wait for the final response and judge the transcript so far. What was judged counts for the test.

        A clause may have requirements that this exchange is no occasion for: they are left out, unless nothing else
        remains. Fails with the findings of a FAIL, or as INCONCLUSIVE; skips for N/A, xfails for a known deviation.
        """
        __tracebackhide__ = True
        if self._exchange is not None:
            _ = self._exchange.final
        rulings = self._case.rulings(self._ids)
        if any(ruling.verdict not in (Verdict.INCONCLUSIVE, Verdict.NA) for ruling in rulings):
            rulings = tuple(ruling for ruling in rulings if ruling.verdict is not Verdict.INCONCLUSIVE)
        self._case.decide(ruling.requirement for ruling in rulings)
        ruled = status(rulings, self._case.session.catalogue)
        match ruled.pytest:
            case "failed":
                raise RequirementsDoNotHold(ruled.message)
            case "xfailed":
                raise pytest.xfail.Exception(ruled.message, pytrace=False)
            case "skipped":
                raise pytest.skip.Exception(ruled.message)


def fault_of(text: str) -> Fault:
    """What shall be wrong with a packet. Raises InputError for words that name nothing."""
    try:
        return parse_fault(text)
    except ValueError as error:
        raise InputError("inject", "fault", str(error), "name one of them") from None


def octets_of(message: Draft | bytes) -> bytes:
    """A message as it goes out."""
    return message if isinstance(message, bytes) else message.to_bytes()
