"""The S-CSCF as registrar: challenge, verification, bindings, the 200 (TS 24.229 5.4.1; RFC 3261 10.3)."""

from __future__ import annotations

import hmac
from collections import deque
from dataclasses import dataclass
from enum import StrEnum
from random import Random

from imsreg.aka import digest, nonce
from imsreg.registration.challenge import REG_AWAIT_AUTH, Challenge, OpenChallenge
from imsreg.registration.hss import Hss, ImplicitSet, Refused
from imsreg.registration.location import Binding, ContactUpdate, LocationService, OutOfOrder
from imsreg.registration.replies import Refusal, reply
from imsreg.registration.seams import Seams
from imsreg.sip.draft import Draft
from imsreg.sip.endpoint import Endpoint, RequestReceived
from imsreg.sip.flow import Packet, TransportFailure
from imsreg.sip.headers.authorization import Authorization
from imsreg.sip.errors import HeaderError
from imsreg.sip.headers.expires import Expires
from imsreg.sip.headers.name_addr import Contact, To
from imsreg.sip.headers.cseq import CSeq
from imsreg.sip.message import Request
from imsreg.sip.timers import RFC3261
from imsreg.sip.errors import UriError

SUPPORTED = frozenset(("path", "sec-agree", "gruu", "outbound"))
"""Option tags that the registrar understands in Require. gruu and outbound are understood and then not used."""


class Procedure(StrEnum):
    """How a REGISTER is dealt with (TS 24.229 5.4.1.1)."""

    CHALLENGE = "challenge"
    VERIFY = "verify"
    RESYNCHRONISE = "resynchronise"
    MAC_FAILURE = "mac failure"


@dataclass(frozen=True, slots=True)
class RegistrarPolicy:
    """What the operator sets: seconds of expiry, the security mode of the access, data of its own in the nonce."""

    security: str = "none"
    min_expires: int = 60
    max_expires: int = 600_000
    default_expires: int = 3600
    server_data: bytes = b""


class SCscf:
    """A node at Mw. `random` feeds tags and opaque; `hss` answers at once (Cx is a call, not a message, in here)."""

    def __init__(self, uri: str, policy: RegistrarPolicy, hss: Hss, random: Random, seams: Seams | None = None) -> None:
        self.uri = uri
        self.policy = policy
        self.location = LocationService()
        self._hss = hss
        self._random = random
        self._seam = seams or Seams()
        self._open: dict[str, OpenChallenge] = {}
        self._endpoint = Endpoint(RFC3261)

    @property
    def outbox(self) -> deque[Packet]:
        """Packets to be sent."""
        return self._endpoint.outbox

    def receive(self, packet: Packet, now: float) -> None:
        """A packet from the P-CSCF."""
        for event in self._endpoint.receive(packet, now):
            if isinstance(event, RequestReceived):
                response = self._answer(event.request, now)
                response = self._seam("s-cscf.response", response, request=event.request)
                self._endpoint.respond(event.transaction, response, now)

    def fail(self, failure: TransportFailure, now: float) -> None:
        """A response could not be delivered: the P-CSCF's own timers deal with it."""
        self._endpoint.fail(failure, now)

    def on_time(self, now: float) -> None:
        """Let the transaction timers run."""
        self._endpoint.on_time(now)

    def next_deadline(self) -> float | None:
        """When `on_time` wants to be called."""
        return self._endpoint.next_deadline()

    def _answer(self, request: Request, now: float) -> Draft:
        try:
            return self._register(request, now)
        except Refusal as refusal:
            return refusal.draft(request)
        except (HeaderError, UriError) as error:
            return Refusal(400, f"Bad Request ({error.name})" if isinstance(error, HeaderError) else None).draft(request)

    def _register(self, request: Request, now: float) -> Draft:
        if request.method != "REGISTER":
            raise Refusal(405, headers={"Allow": "REGISTER"})
        refusal = self._seam("s-cscf.admitted", self._refuse_early(request), request=request)
        if refusal is not None:
            raise refusal
        to = request.get(To)
        assert to is not None  # the refusal above covers its absence
        record = to.uri.address_of_record()
        authorization = request.get(Authorization)
        impi = self._private_identity(authorization, record)
        implicit_set = self._authorised(impi, record)
        procedure = self._seam("s-cscf.procedure", self._procedure(authorization, impi, now), request=request)
        match procedure:
            case Procedure.CHALLENGE:
                return self._challenge(request, impi, now)
            case Procedure.RESYNCHRONISE:
                return self._resynchronise(request, authorization, impi, now)
            case Procedure.MAC_FAILURE:
                # TS 33.203 6.1.2.2: a reported MAC failure ends the authentication with a 4xx without a challenge.
                self._open.pop(impi, None)
                raise Refusal(403)
            case Procedure.VERIFY:
                if not self._seam("s-cscf.verified", self._verify(request, authorization, impi), request=request):
                    raise Refusal(403)
        return self._store(request, record, implicit_set, now)

    def _refuse_early(self, request: Request) -> Refusal | None:
        """What is refused before anybody is authenticated (RFC 3261 8.2.2, 10.3 steps 2, 5)."""
        unsupported = [tag for tag in request.option_tags("Require") if tag not in SUPPORTED]
        if unsupported:
            return Refusal(420, headers={"Unsupported": ", ".join(unsupported)})
        to = request.get(To)
        if to is None or request.get(CSeq) is None:
            return Refusal(400)
        if to.uri.scheme in ("sip", "sips") and to.uri.host not in self._hss.home_domains:
            return Refusal(404)
        return None

    def _private_identity(self, authorization: Authorization | None, record: str) -> str:
        if authorization is not None and authorization.username:
            return authorization.username
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

    def _procedure(self, authorization: Authorization | None, impi: str, now: float) -> Procedure:
        open_challenge = self._open.get(impi)
        if open_challenge is not None and open_challenge.until <= now:
            del self._open[impi]
            open_challenge = None
        if authorization is None or open_challenge is None or authorization.nonce != open_challenge.sent.nonce:
            return Procedure.CHALLENGE
        if authorization.auts:
            return Procedure.RESYNCHRONISE
        return Procedure.VERIFY if authorization.response else Procedure.MAC_FAILURE

    def _challenge(self, request: Request, impi: str, now: float) -> Draft:
        vector = self._hss.vector(impi)
        challenge = self._seam(
            "s-cscf.challenge",
            Challenge(
                realm=self._hss.home_domain(impi),
                nonce=nonce.encode(vector.rand, vector.autn, self.policy.server_data),
                opaque=self._random.randbytes(12).hex(),
            ),
            request=request,
        )
        self._open[impi] = OpenChallenge(vector, challenge, now + REG_AWAIT_AUTH)
        return reply(request, 401).add("WWW-Authenticate", challenge.header(vector))

    def _resynchronise(self, request: Request, authorization: Authorization | None, impi: str, now: float) -> Draft:
        """AUTS sets SQN at the AuC and a new challenge follows (TS 33.203 6.1.3). A wrong AUTS is refused."""
        assert authorization is not None
        rand = self._open.pop(impi).vector.rand
        try:
            auts = nonce.decode_auts(authorization.auts or "")
        except nonce.NonceError as error:
            raise Refusal(400) from error
        if not self._hss.resynchronise(impi, rand, auts):
            raise Refusal(403)
        return self._challenge(request, impi, now)

    def _verify(self, request: Request, authorization: Authorization | None, impi: str) -> bool:
        """Whether the response is the digest over XRES (TS 33.203 6.1.1). The challenge is used up either way.

        The digest `uri` counts as received: another one than the Request-URI is the UE's fault to be judged, and no
        reason to refuse (RFC 3310 leaves it to RFC 2617).
        """
        assert authorization is not None
        challenge = self._open.pop(impi)
        try:
            expected = digest.response(
                username=authorization.username or "",
                realm=authorization.realm or "",
                password=challenge.vector.xres.reveal(),
                method=request.method,
                uri=authorization.uri or "",
                nonce=challenge.sent.nonce,
                algorithm=authorization.algorithm or "MD5",
                qop=authorization.qop,
                nc=authorization.nc,
                cnonce=authorization.cnonce,
                body=request.body,
            )
        except digest.DigestError:
            return False
        return hmac.compare_digest(expected.encode(), (authorization.response or "").encode("utf-8", "surrogateescape"))

    def _store(self, request: Request, record: str, implicit_set: ImplicitSet, now: float) -> Draft:
        """Steps 6 to 8 of RFC 3261 10.3, then the 200 of TS 24.229 5.4.1.2.2."""
        contacts = request.get_all(Contact)
        path = request.values("Path")
        try:
            if any(c.star for c in contacts):
                self._remove_all(request, record, contacts, now)
            else:
                updates = [self._update(request, c, path) for c in contacts]
                self.location.update(record, self._seam("s-cscf.update", updates, request=request), now)
        except OutOfOrder as error:
            # RFC 3261 10.3 step 7 names no code; 500 is the one it gives for an update that cannot be made.
            raise Refusal(500) from error
        return self._ok(request, record, implicit_set, path, now)

    def _remove_all(self, request: Request, record: str, contacts: tuple[Contact, ...], now: float) -> None:
        expires = request.get(Expires)
        if len(contacts) > 1 or expires is None or expires.seconds != 0:
            raise Refusal(400)
        self.location.remove_all(record, request.value("Call-ID") or "", _cseq(request), now)

    def _update(self, request: Request, contact: Contact, path: tuple[str, ...]) -> ContactUpdate:
        asked = contact.expires
        if asked is None:
            header = request.get(Expires)
            asked = header.seconds if header is not None else self.policy.default_expires
        if 0 < asked < min(self.policy.min_expires, 3600):
            raise Refusal(423, headers={"Min-Expires": str(self.policy.min_expires)})
        granted = self._seam("s-cscf.granted", min(asked, self.policy.max_expires), asked=asked, request=request)
        return ContactUpdate(contact, granted, request.value("Call-ID") or "", _cseq(request), path)

    def _ok(self, request: Request, record: str, implicit_set: ImplicitSet, path: tuple[str, ...], now: float) -> Draft:
        response = reply(request, 200)
        bindings: list[Binding] = list(self.location.bindings(record, now))
        for binding in self._seam("s-cscf.listed", bindings, request=request):
            response.add("Contact", _with_expires(binding, now))
        for value in path:
            response.add("Path", value)
        response.add("Service-Route", f"<{self.uri};lr>")
        for identity in implicit_set.associated:
            response.add("P-Associated-URI", f"<{identity}>")
        return response


def _with_expires(binding: Binding, now: float) -> Contact:
    return binding.contact.with_param("expires", binding.remaining(now))


def _cseq(request: Request) -> int:
    cseq = request.get(CSeq)
    return cseq.number if cseq is not None else 0

