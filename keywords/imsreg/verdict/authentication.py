"""What each REGISTER of the tester is, by the wire and the subscriber's keys: first try, right answer, wrong one."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from imsreg.aka import nonce
from imsreg.aka.algorithm import Algorithm
from imsreg.aka.vector import open_auts
from imsreg.identity.absent import KeysMissing
from imsreg.identity.subscribers import Subscriber
from imsreg.secagree.associations import Name
from imsreg.secagree.negotiation import same_list
from imsreg.sip.challenges import aka_challenge, password_challenge
from imsreg.sip.errors import HeaderError, UriError
from imsreg.sip.headers.authorization import Authorization, WwwAuthenticate
from imsreg.sip.headers.cseq import CSeq
from imsreg.sip.headers.name_addr import Contact, To
from imsreg.sip.headers.security import SecurityClient, SecurityServer, SecurityVerify
from imsreg.sip.headers.via import Via
from imsreg.sip.message import Request, Response
from imsreg.sip.uri import Uri
from imsreg.transcript.correlation import Exchange
from imsreg.transcript.entries import Entry
from imsreg.transcript.transcript import Transcript
from imsreg.verdict.credentials import credential_faults, digest_over, password_of
from imsreg.verdict.esp_sets import association_of, sets_made_by
from imsreg.verdict.facts import Facts
from imsreg.verdict.request_exchange import RequestExchange

REG_AWAIT_AUTH = 240.0
"""Seconds for which a network remembers its challenge (TS 24.229 table 7.8.1)."""

KNOWN_REQUIRE = frozenset(("path", "sec-agree"))

VERIFY_CHANGED = "Security-Verify is not the Security-Server that it answers"
CLIENT_CHANGED = "Security-Client is not that of the challenged request"
"""What can be wrong with the security agreement of an answer, as `Attempt.faults` says it."""

NOT_ON_ITS_SET = "the answer is not on the associations that its challenge makes"
"""The fault of an answer in the clear, or on the wrong association (TS 33.203 7.4)."""

VIA_NOT_ITS_ADDRESS = "Via names another address than the protected REGISTER comes from"
"""The fault of a request that a P-CSCF refuses (TS 33.203 7.1, rule 2 for protected REGISTER requests)."""

VIA_IS_A_NAME = "Via of the protected REGISTER names a host, whose address does not show"
"""What a P-CSCF would have to resolve for that comparison."""

CSEQ_NOT_HIGHER = "CSeq is not higher than in the REGISTER before with this Call-ID"
"""The fault of a request that does not count CSeq up (RFC 3261 10.2)."""


class Kind(StrEnum):
    """What a REGISTER's credentials are to the challenges before it."""

    UNCHALLENGED = "no answer to a challenge of this transcript"
    RIGHT = "the right response"
    WRONG = "a wrong response"
    SYNC_FAILURE = "AUTS that the AuC can verify"
    WRONG_AUTS = "AUTS that the AuC cannot verify"
    MAC_FAILURE = "an empty response without AUTS"
    OUTDATED = "an answer to a challenge that no longer stands"
    UNREADABLE = "credentials that cannot be read"


@dataclass
class Attempt(RequestExchange):
    """One REGISTER exchange of the tester.

    `faults` lists what is wrong with the request on purpose: a check of ordinary behaviour leaves it alone then.
    `answers` is the attempt whose challenge this one's nonce is from. `subscriber` is None if nobody has this IMPI.
    `standing` is the kind, or which keys are missing that would tell.
    """

    exchange: Exchange
    request: Request
    standing: Kind | KeysMissing
    faults: tuple[str, ...]
    subscriber: Subscriber | None
    record: str
    authorization: Authorization | None = None
    answers: Attempt | None = None
    challenge: WwwAuthenticate | None = None
    challenge_fault: str | None = None
    nonce: nonce.Nonce | None = None
    contacts: tuple[Contact, ...] = field(default=())

    @property
    def kind(self) -> Kind:
        """What the credentials are to the challenges before. Raises KeysMissing if only keys would tell."""
        if isinstance(self.standing, KeysMissing):
            raise self.standing.again()
        return self.standing

    @property
    def responds(self) -> bool:
        """Whether a response answers a challenge that stands, be it right or wrong."""
        if isinstance(self.standing, KeysMissing):
            return self.authorization is not None and bool(self.authorization.response) and not self.authorization.auts
        return self.standing in (Kind.RIGHT, Kind.WRONG)

    @property
    def binds(self) -> bool:
        """Whether the request asks for at least one contact with an expiry above zero."""
        header = self.request.value("Expires")
        return any(not c.star and (str(c.expires) if c.expires is not None else header) != "0" for c in self.contacts)

    @property
    def impi(self) -> str:
        """The private identity that the request names, else its subscriber's, else the address of record."""
        named = self.authorization.username if self.authorization is not None else None
        return named or (self.subscriber.impi if self.subscriber is not None else self.record)

    @property
    def by_aka(self) -> bool:
        """Whether the subscriber has AKA keys: what is said about IMS AKA does not hold for one with a password."""
        return self.subscriber is not None and self.subscriber.algorithm is not None

    @property
    def sound(self) -> bool:
        """Whether nothing is wrong with the request and its subscriber exists."""
        return not self.faults and self.subscriber is not None

    @property
    def one_fault(self) -> bool:
        """Whether exactly one thing is wrong with the request and its subscriber exists."""
        return len(self.faults) == 1 and self.subscriber is not None

    @property
    def cseq(self) -> int:
        """The number in CSeq, -1 if it cannot be read."""
        try:
            header = self.request.get(CSeq)
        except HeaderError:
            return -1
        return header.number if header is not None else -1


def attempts(transcript: Transcript, facts: Facts) -> Iterator[Attempt]:
    """The REGISTER exchanges of the tester in order."""
    by_nonce: dict[str, Attempt] = {}
    latest: dict[str, Attempt] = {}
    highest: dict[str, int] = {}
    for exchange in transcript.exchanges:
        request = exchange.request.message
        if not exchange.by_tester or not isinstance(request, Request) or request.method != "REGISTER":
            continue
        attempt = _attempt(exchange, request, facts, by_nonce, latest)
        if 0 <= attempt.cseq <= highest.get(attempt.call_id, -1):
            attempt.faults += (CSEQ_NOT_HIGHER,)
        highest[attempt.call_id] = max(attempt.cseq, highest.get(attempt.call_id, -1))
        if attempt.challenge is not None and attempt.challenge.nonce:
            by_nonce[attempt.challenge.nonce] = attempt
            latest[attempt.impi] = attempt
        elif attempt.standing is not Kind.UNCHALLENGED and not _discarded(attempt, facts):
            latest.pop(attempt.impi, None)
        yield attempt


def _discarded(attempt: Attempt, facts: Facts) -> bool:
    """Whether a P-CSCF has dropped an answer for where it came (TS 33.203 7.4.2a): the challenge still stands."""
    astray = NOT_ON_ITS_SET in attempt.faults or attempt.standing is Kind.OUTDATED
    return facts.security == "ipsec" and astray and attempt.final is None


def _attempt(
    exchange: Exchange, request: Request, facts: Facts, by_nonce: dict[str, Attempt], latest: dict[str, Attempt]
) -> Attempt:
    kind, faults = Kind.UNCHALLENGED, list(request_faults(request, facts))
    faults += _source_faults(request, exchange.request)
    try:
        authorization = request.get(Authorization)
    except HeaderError as error:
        authorization, kind = None, Kind.UNREADABLE
        faults.append(str(error))
    record = _record(request)
    attempt = Attempt(
        exchange=exchange,
        request=request,
        standing=kind,
        faults=tuple(faults),
        subscriber=_subscriber(facts, authorization, record),
        record=record,
        authorization=authorization,
        contacts=_contacts(request),
    )
    if authorization is not None and authorization.nonce:
        attempt.answers = by_nonce.get(authorization.nonce)
        if attempt.answers is not None:
            attempt.standing = _standing(attempt, authorization, latest)
            attempt.faults += (
                *agreement_faults(attempt),
                *_carriage_faults(attempt, facts),
                *_credential_faults(attempt, authorization),
            )
    _read_challenge(attempt)
    return attempt


def _standing(attempt: Attempt, authorization: Authorization, latest: dict[str, Attempt]) -> Kind | KeysMissing:
    try:
        return _kind(attempt, authorization, latest)
    except KeysMissing as missing:
        return missing.again()  # without the traceback, which holds on to frames


def _kind(attempt: Attempt, authorization: Authorization, latest: dict[str, Attempt]) -> Kind:
    challenged = attempt.answers
    assert challenged is not None
    age = attempt.exchange.request.at - challenged.final_entry.at
    if latest.get(attempt.impi) is not challenged or age >= REG_AWAIT_AUTH:
        return Kind.OUTDATED
    subscriber = attempt.subscriber
    password = password_of(subscriber, challenged.nonce, authorization.algorithm) if subscriber is not None else None
    if subscriber is None or password is None:
        return Kind.UNREADABLE
    if subscriber.algorithm is not None and challenged.nonce is not None:
        if authorization.auts:
            return _auts_kind(authorization.auts, subscriber.algorithm, challenged.nonce.rand)
        if not authorization.response:
            return Kind.MAC_FAILURE
    return Kind.RIGHT if authorization.response == expected_response(attempt, password) else Kind.WRONG


def agreement_faults(attempt: Attempt) -> Iterator[str]:
    """What an answer changes in a security agreement that the challenge has begun (TS 33.203 7.2, Annex H)."""
    challenged = attempt.answers
    if challenged is None or challenged.final is None or not attempt.responds:
        return
    try:
        server = challenged.final.get_all(SecurityServer)
    except HeaderError:
        return  # what the DUT wrote is its own fault; the tester mirrors it all the same
    if not server:
        return
    try:
        if not same_list(attempt.request.get_all(SecurityVerify), server):
            yield VERIFY_CHANGED
        if not same_list(attempt.request.get_all(SecurityClient), challenged.request.get_all(SecurityClient)):
            yield CLIENT_CHANGED
    except HeaderError as error:
        yield str(error)


def _source_faults(request: Request, entry: Entry) -> Iterator[str]:
    """Whether the sent-by of a protected request is the address that it comes from."""
    try:
        via = request.get(Via)
    except HeaderError:
        return
    if entry.flow.association is not None and via is not None and not via.sent_from(entry.source.host):
        yield VIA_NOT_ITS_ADDRESS if _is_address(via.host) else VIA_IS_A_NAME


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _carriage_faults(attempt: Attempt, facts: Facts) -> Iterator[str]:
    """Where an answer travels, if its challenge makes associations (TS 33.203 7.4)."""
    challenged = attempt.answers
    if facts.security != "ipsec" or challenged is None or challenged.final is None or not attempt.responds:
        return
    made = sets_made_by(challenged.exchange.request, challenged.final_entry)
    on = association_of(attempt.exchange.request, made)
    if made and (on is None or on.name is not Name.UL1):
        yield NOT_ON_ITS_SET


def _credential_faults(attempt: Attempt, authorization: Authorization) -> Iterator[str]:
    challenged = attempt.answers
    if challenged is None or challenged.challenge is None or not attempt.responds:
        return
    if attempt.call_id != challenged.call_id:
        yield "Call-ID is not that of the challenged request"
    yield from credential_faults(authorization, challenged.challenge, attempt.request.request_uri)


def _auts_kind(text: str, algorithm: Algorithm, rand: bytes) -> Kind:
    try:
        auts = nonce.decode_auts(text)
    except nonce.NonceError:
        return Kind.WRONG_AUTS
    return Kind.WRONG_AUTS if open_auts(algorithm, rand, auts) is None else Kind.SYNC_FAILURE


def expected_response(attempt: Attempt, password: bytes) -> str | None:
    """The digest that `password` gives for this request, with everything else as the request has it.

    None where the request names an algorithm or a qop that cannot be computed.
    """
    authorization = attempt.authorization
    if authorization is None:
        return None
    request = attempt.request
    return digest_over(authorization, password, method=request.method, body=request.body, qop=authorization.qop)


def _read_challenge(attempt: Attempt) -> None:
    if attempt.status != 401 or attempt.final is None:
        return
    by_password = attempt.subscriber is not None and attempt.subscriber.password is not None
    attempt.challenge = (password_challenge(attempt.final) if by_password else None) or aka_challenge(attempt.final)
    if attempt.challenge is None:
        attempt.challenge_fault = _why_no_challenge(attempt.final)
        return
    try:
        attempt.nonce = nonce.decode(attempt.challenge.nonce or "")
    except nonce.NonceError as error:
        attempt.challenge_fault = str(error)


def _why_no_challenge(response: Response) -> str:
    try:
        header = response.get(WwwAuthenticate)
    except HeaderError as error:
        return str(error)
    return "the 401 has no WWW-Authenticate" if header is None else "the 401 has a challenge that is not Digest"


def request_faults(request: Request, facts: Facts) -> Iterator[str]:
    """What is wrong with a REGISTER of the tester, so that ordinary behaviour cannot be asked of the DUT."""
    for name in ("Via", "From", "To", "Call-ID", "CSeq", "Max-Forwards"):
        if request.field(name) is None:
            yield f"no {name}"
    if request.defects:
        yield request.defects[0].what
    if request.value("Max-Forwards") == "0":
        yield "Max-Forwards is 0"
    unknown = (set(request.option_tags("Require")) | set(request.option_tags("Proxy-Require"))) - KNOWN_REQUIRE
    if unknown:
        yield f"Require names {', '.join(sorted(unknown))}"
    if request.request_uri.lower() != f"sip:{facts.home_domain}".lower() and not _is_home(request, facts):
        yield "the Request-URI is not the home domain"
    try:
        cseq = request.get(CSeq)
        if cseq is not None and cseq.method != request.method:
            yield "CSeq names another method"
        contacts = request.get_all(Contact)
        if any(c.star for c in contacts) and (len(contacts) > 1 or request.value("Expires") != "0"):
            yield "Contact: * without Expires: 0"
        request.get(To)
    except HeaderError as error:
        yield str(error)


def _is_home(request: Request, facts: Facts) -> bool:
    """A subscriber of another home domain than the profile's (the seed's) registers at its own."""
    domains = {s.home_domain.lower() for s in facts.subscribers.values()}
    return request.request_uri.lower().removeprefix("sip:") in domains


def _record(request: Request) -> str:
    try:
        to = request.get(To)
        return to.uri.address_of_record() if to is not None else ""
    except (HeaderError, UriError):
        return ""


def _subscriber(facts: Facts, authorization: Authorization | None, record: str) -> Subscriber | None:
    """Who has both identities; without a private one the public one tells (TS 24.229 5.3.1.2)."""
    if authorization is None or authorization.username is None:
        return next((s for s in facts.subscribers.values() if record in records_of(s)), None)
    named = facts.subscribers.get(authorization.username)
    return named if named is not None and record in records_of(named) else None


def records_of(subscriber: Subscriber) -> set[str]:
    """The addresses of record that a subscriber may register (RFC 3261 10.3 step 5)."""
    return {Uri.parse(i).address_of_record() for i in (*subscriber.impus, subscriber.registration_impu)}


def _contacts(request: Request) -> tuple[Contact, ...]:
    try:
        return request.get_all(Contact)
    except HeaderError:
        return ()
