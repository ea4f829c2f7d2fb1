"""The S-CSCF: who may register, challenge, verification, the 200 (TS 24.229 5.4.1; RFC 3261 10.3).

What it tells the subscribers of a registration is in `core_subscriptions`.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, replace
from random import Random

from imsreg.aka import nonce
from imsreg.registration.carriage import carriable_response
from imsreg.registration.challenge import NONCE_LIFETIME, REG_AWAIT_AUTH, Challenge, OpenChallenge, is_digest
from imsreg.registration.core_subscriptions import Notifier, Watcher
from imsreg.registration.hss import Hss, ImplicitSet, Refused
from imsreg.registration.location import MAX_BINDINGS, Binding
from imsreg.registration.registrar import ExpiryPolicy, Registrar
from imsreg.registration.replies import Refusal, reply, unreadable
from imsreg.registration.schemes import Aka, Procedure, Scheme, SipDigest
from imsreg.registration.seams import Seams
from imsreg.sip.draft import Draft
from imsreg.sip.endpoint import (
    Endpoint,
    Event,
    RequestReceived,
    ResponseReceived,
    TransactionTimeout,
    TransportFailed,
)
from imsreg.sip.errors import HeaderError, UriError
from imsreg.sip.flow import Flow, Packet, TransportFailure
from imsreg.sip.headers.authentication_info import AuthenticationInfo
from imsreg.sip.headers.authorization import Authorization
from imsreg.sip.headers.cseq import CSeq
from imsreg.sip.headers.name_addr import Contact, To
from imsreg.sip.message import Request
from imsreg.sip.timers import RFC3261
from imsreg.sip.uri import Uri, equivalent

LONGEST_SUBSCRIPTION = 600_000
"""Seconds: as long as a registration, and what a UE asks for (TS 24.229 5.1.1.3)."""

SUPPORTED = frozenset(("path",))
"""Option tags that the registrar understands in Require (RFC 3261 8.2.2.3)."""


@dataclass(frozen=True, kw_only=True)
class RegistrarPolicy(ExpiryPolicy):
    """What the operator of the S-CSCF sets.

    `server_data` follows RAND and AUTN in every nonce (RFC 3310 3.2). `challenges_again`: a wrong response gets
    another challenge instead of 403. `reauthenticate`: a protected REGISTER of somebody who is registered is
    challenged too (TS 24.229 5.4.1.2.2), and anyhow if he was authenticated `trust` seconds ago or longer.
    `subscription` seconds are the most that a subscription gets; `partial_state`: a notification of a change has the
    changed contacts alone (RFC 3680 4.7.2).
    """

    server_data: bytes = b""
    challenges_again: bool = False
    reauthenticate: bool = False
    trust: float = math.inf
    subscription: int = LONGEST_SUBSCRIPTION
    partial_state: bool = True


class SCscf:
    """A node at Mw. `random` feeds opaque; `hss` answers at once (Cx is a call, not a message, in here).

    Nothing is kept for anybody before the HSS has authorised him: subscribers bound the challenges and bindings.
    `protected`: an AKA response counts only where the P-CSCF says that the REGISTER was protected.
    """

    def __init__(
        self,
        uri: str,
        policy: RegistrarPolicy,
        hss: Hss,
        random: Random,
        seams: Seams | None = None,
        *,
        protected: bool = False,
    ) -> None:
        self.uri = uri
        self.policy = policy
        self._protected = protected
        self._hss = hss
        self._random = random
        self._seam = seams or Seams()
        self._registrar = Registrar(policy, self._seam)
        self._open: dict[str, OpenChallenge] = {}  # by IMPI
        self._proved: dict[str, deque[str]] = {}  # by IMPI, the nonces of the latest right answers
        self._authenticated: dict[str, float] = {}  # by IMPI, when the latest right answer came
        self._endpoint = Endpoint(RFC3261)
        self._notifier = Notifier(
            uri,
            hss,
            self._registrar.location,
            self._endpoint,
            random,
            self._seam,
            longest=policy.subscription,
            partial=policy.partial_state,
        )

    @property
    def outbox(self) -> deque[Packet]:
        """Packets to be sent."""
        return self._endpoint.outbox

    def receive(self, packet: Packet, now: float) -> None:
        """A packet from the P-CSCF."""
        self._take(self._endpoint.receive(packet, now), now)

    def fail(self, failure: TransportFailure, now: float) -> None:
        """A response could not be delivered: the P-CSCF's own timers deal with it. A NOTIFY has failed then."""
        self._take(self._endpoint.fail(failure, now), now)

    def on_time(self, now: float) -> None:
        """Let the transaction timers run, and what is watched."""
        self._take(self._endpoint.on_time(now), now)
        self._notifier.on_time(now)

    def next_deadline(self) -> float | None:
        """When `on_time` wants to be called."""
        clocks = (self._endpoint.next_deadline(), self._notifier.next_deadline())
        return min((at for at in clocks if at is not None), default=None)

    def bindings(self, implicit_set: ImplicitSet, now: float) -> tuple[Binding, ...]:
        """What is bound to an implicit registration set."""
        return self._registrar.location.bindings(implicit_set.record, now)

    def _take(self, events: list[Event], now: float) -> None:
        for event in events:
            match event:
                case RequestReceived():
                    self._request(event, now)
                case ResponseReceived(response, _, transaction) if response.status >= 200:
                    self._notifier.concluded(transaction, response.status, now)
                case TransactionTimeout(transaction):
                    self._notifier.concluded(transaction, None, now)
                case TransportFailed(_, transaction) if transaction is not None:
                    self._notifier.concluded(transaction, None, now)
                case _:
                    pass

    def _request(self, event: RequestReceived, now: float) -> None:
        """Answer a request, and then tell the subscribers what it has changed."""
        watcher: Watcher | None = None
        if event.request.method == "SUBSCRIBE":
            response, watcher = self._subscribe(event.request, event.flow, now)
        else:
            response = self._answer(event.request, now)
        first = self._seam("s-cscf.notified-first", False, request=event.request)
        if watcher is not None and first:
            self._notifier.notify(watcher, now)
        response = self._seam("s-cscf.response", response, request=event.request)
        self._endpoint.respond(event.transaction, response, now)
        if watcher is not None:
            self._notifier.notify(watcher, now)
        self._notifier.settle(now)

    def _subscribe(self, request: Request, flow: Flow, now: float) -> tuple[Draft, Watcher | None]:
        """The response to a SUBSCRIBE, and who is to be notified; None: it is a refusal."""
        try:
            if (unsupported := _not_understood(request)) is not None:
                raise unsupported
            return self._notifier.subscribe(request, flow, now)
        except Refusal as refusal:
            return carriable_response(refusal.draft(request), request), None
        except HeaderError as error:
            return carriable_response(unreadable(error).draft(request), request), None

    def _answer(self, request: Request, now: float) -> Draft:
        try:
            response = self._register(request, now)
        except Refusal as refusal:
            response = refusal.draft(request)
        except HeaderError as error:
            response = unreadable(error).draft(request)
        return carriable_response(response, request)

    def _register(self, request: Request, now: float) -> Draft:
        if request.method != "REGISTER":
            raise Refusal(405, headers={"Allow": "REGISTER, SUBSCRIBE"})
        refusal = self._seam("s-cscf.admitted", self._refuse_early(request), request=request)
        if refusal is not None:
            raise refusal
        record = _address_of_record(request)
        credentials = digest_credentials(request)
        impi = self._private_identity(credentials, record)
        implicit_set = self._authorised(impi, record)
        outcome = self._authenticate(request, credentials, implicit_set, now)
        if isinstance(outcome, Draft):
            return outcome
        self._registrar.apply(request, implicit_set.record, now)
        return self._ok(request, implicit_set, outcome, now)

    def _authenticate(
        self, request: Request, credentials: Authorization | None, implicit_set: ImplicitSet, now: float
    ) -> Draft | AuthenticationInfo | None:
        """The 401 that has to go out first, or what the 200 says in Authentication-Info. Raises Refusal."""
        impi = implicit_set.impi
        challenge = self._open_challenge(impi, now)
        procedure = procedure_for(request, credentials, challenge)
        if self._protected:
            procedure = self._of_protected(procedure, request, credentials, challenge, implicit_set, now)
        procedure = self._seam("s-cscf.procedure", procedure, request=request)
        if procedure is Procedure.CHALLENGE:
            return self._challenge(request, impi, now, credentials)
        self._open.pop(impi, None)  # right or wrong, an answer uses the challenge up
        if procedure is Procedure.ACCEPT:
            return None
        if credentials is None or challenge is None or procedure is Procedure.MAC_FAILURE:
            # TS 33.203 6.1.2.2: a reported MAC failure ends it with a 4xx that carries no challenge.
            raise Refusal(403)
        if procedure is Procedure.RESYNCHRONISE:
            return self._resynchronise(request, credentials.auts or "", challenge, now)
        if not self._seam("s-cscf.verified", challenge.verifies(credentials, request), request=request):
            return self._failed(request, impi, now)
        if challenge.scheme.counts:
            if not self._seam("s-cscf.counted", challenge.counts_up(credentials), request=request):
                return self._challenge(request, impi, now, credentials)
            self._open[impi] = challenge.going_on(credentials, now + NONCE_LIFETIME)
        self._proved.setdefault(impi, deque(maxlen=MAX_BINDINGS)).append(challenge.sent.nonce)
        self._authenticated[impi] = now
        return self._seam("s-cscf.authentication-info", challenge.proof(credentials), request=request)

    def _of_protected(
        self,
        procedure: Procedure,
        request: Request,
        credentials: Authorization | None,
        challenge: OpenChallenge | None,
        implicit_set: ImplicitSet,
        now: float,
    ) -> Procedure:
        """The procedure where the P-CSCF says whether a REGISTER was protected (TS 24.229 5.4.1.1, 5.4.1.2.2).

        A response to an open challenge counts if it was protected, a report of the USIM in any case. Without one a
        protected REGISTER of somebody who is registered passes. It may repeat the last nonce and response (5.1.1.4.2).
        A password knows nothing of associations (TS 33.203 Annex N). Raises Refusal: 403 for a contact that only an
        authentication could add.
        """
        safe = credentials is not None and credentials.integrity_protected == "yes"
        if procedure is Procedure.VERIFY and challenge is not None and not challenge.scheme.counts:
            return procedure if safe else Procedure.CHALLENGE
        if procedure is not Procedure.CHALLENGE or credentials is None or not safe or self.policy.reauthenticate:
            return procedure
        bound = self.bindings(implicit_set, now)
        if now - self._authenticated.get(implicit_set.impi, -math.inf) >= self.policy.trust:
            return procedure
        if not bound or (credentials.nonce and credentials.nonce not in self._proved.get(implicit_set.impi, ())):
            return procedure
        for contact in request.get_all(Contact):
            known = contact.star or any(equivalent(contact.uri, each.contact.uri) for each in bound)
            known = known or contact.reg_id is not None or contact.expires == 0
            if not self._seam("s-cscf.known", known, contact=contact, request=request):
                raise Refusal(403)
        return Procedure.ACCEPT

    def _refuse_early(self, request: Request) -> Refusal | None:
        """What is refused before anybody is authenticated (RFC 3261 10.3 steps 1, 2, 5)."""
        if self._domain(request) not in self._hss.home_domains:
            return Refusal(404)
        unsupported = _not_understood(request)
        if unsupported is not None:
            return unsupported
        to = request.get(To)
        if to is None or request.get(CSeq) is None:
            return Refusal(400)
        if to.uri.host not in self._hss.home_domains and not self._hss.knows(to.uri.address_of_record()):
            return Refusal(404)
        return None

    @staticmethod
    def _domain(request: Request) -> str:
        try:
            return Uri.parse(request.request_uri).host
        except UriError as error:
            raise Refusal(400, "Bad Request (Request-URI)") from error

    def _private_identity(self, credentials: Authorization | None, record: str) -> str:
        if credentials is not None and credentials.username:
            return credentials.username
        # TS 24.229 5.3.1.2: without Authorization the private identity comes from the public one.
        impi = self._hss.private_identity(record)
        if impi is None:
            raise Refusal(403)
        return impi

    def _authorised(self, impi: str, record: str) -> ImplicitSet:
        try:
            return self._hss.authorise(impi, record)
        except Refused as refused:
            # TS 24.229 5.3.1.3: whatever the reason of the HSS, the UE gets 403.
            raise Refusal(403) from refused

    def _open_challenge(self, impi: str, now: float) -> OpenChallenge | None:
        """The challenge that waits for an answer, if reg-await-auth has not ended it (TS 24.229 table 7.8.1)."""
        challenge = self._open.get(impi)
        if challenge is not None and challenge.until <= now:
            del self._open[impi]
            return None
        return challenge

    def _challenge(self, request: Request, impi: str, now: float, credentials: Authorization | None = None) -> Draft:
        """A 401 with a nonce of its own; a challenge that is still open is void from now on (TS 33.203 6.1.2.3).

        `credentials` came to another challenge: if they show that the client knows the password, their nonce is all
        that is wrong with them, and the 401 says so (RFC 7616 3.3). An AKA nonce is not stale but used up.
        """
        scheme = self._scheme(impi)
        challenge = Challenge(
            realm=self._hss.home_domain(impi),
            nonce=scheme.nonce,
            algorithm=scheme.algorithm,
            opaque=self._random.randbytes(12).hex(),
        )
        opened = OpenChallenge(impi, request.value("Call-ID") or "", scheme, challenge, now + REG_AWAIT_AUTH)
        if scheme.counts and credentials is not None and opened.verifies(credentials, request):
            challenge = replace(challenge, stale="true")
        sent = self._seam("s-cscf.challenge", challenge, request=request)
        self._open[impi] = replace(opened, sent=sent)
        return reply(request, 401).add("WWW-Authenticate", sent.header(scheme.vector))

    def _scheme(self, impi: str) -> Scheme:
        """What the HSS has for the next challenge of a subscriber."""
        password = self._hss.password(impi)
        if password is not None:
            return SipDigest(password, self._random.randbytes(16).hex())
        return Aka(self._hss.vector(impi), self.policy.server_data)

    def _resynchronise(self, request: Request, auts: str, challenge: OpenChallenge, now: float) -> Draft:
        """AUTS sets SQN at the AuC and a new challenge follows (TS 33.203 6.1.3). A wrong AUTS is refused."""
        try:
            octets = nonce.decode_auts(auts)
        except nonce.NonceError as error:
            raise Refusal(400, "Bad Request (auts)") from error
        vector = challenge.scheme.vector
        if vector is None or not self._hss.resynchronise(challenge.impi, vector.rand, octets):
            raise Refusal(403)
        return self._challenge(request, challenge.impi, now)

    def _failed(self, request: Request, impi: str, now: float) -> Draft:
        """What a wrong response gets: 403 (TS 24.229 5.4.1.2.3A), or a challenge again (RFC 3261 22.1)."""
        if self.policy.challenges_again:
            return self._challenge(request, impi, now)
        raise self._seam("s-cscf.failed", Refusal(403), request=request)

    def _ok(self, request: Request, implicit_set: ImplicitSet, proof: AuthenticationInfo | None, now: float) -> Draft:
        """The 200 with bindings, Path, Service-Route and the implicit set (TS 24.229 5.4.1.2.2F; RFC 3327 5.3)."""
        response = reply(request, 200)
        for contact in self._registrar.listed(request, implicit_set.record, now):
            response.add("Contact", contact)
        for value in request.values("Path"):
            response.add("Path", value)
        response.add("Service-Route", f"<{self.uri};lr>")
        for identity in implicit_set.associated:
            response.add("P-Associated-URI", f"<{identity}>")
        if proof is not None:
            response.add(proof.NAME, proof)
        return response


def _not_understood(request: Request) -> Refusal | None:
    """The refusal of a request that requires what nobody here knows (RFC 3261 8.2.2.3)."""
    unsupported = [tag for tag in request.option_tags("Require") if tag not in SUPPORTED]
    return Refusal(420, headers={"Unsupported": ", ".join(unsupported)}) if unsupported else None


def _address_of_record(request: Request) -> str:
    to = request.get(To)
    if to is None:
        raise Refusal(400)
    return to.uri.address_of_record()


def digest_credentials(request: Request) -> Authorization | None:
    """The first credentials for Digest; those for another scheme, Basic above all, do not count (RFC 3261 22.4)."""
    values = (field.value for field in request.fields("Authorization") if is_digest(field.value))
    return next((Authorization.parse(value) for value in values), None)


def procedure_for(request: Request, credentials: Authorization | None, challenge: OpenChallenge | None) -> Procedure:
    """How a REGISTER is dealt with where no security association protects it (TS 24.229 5.4.1.1)."""
    if credentials is None or challenge is None or not challenge.is_answered_by(credentials, request):
        return Procedure.CHALLENGE
    return challenge.scheme.procedure(credentials)
