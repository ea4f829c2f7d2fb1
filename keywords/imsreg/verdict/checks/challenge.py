"""When a REGISTER is challenged, and how the challenge reads (TS 24.229 5.4.1.2.1, 5.4.1.2.1A; RFC 3261 22)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import ip_address
from itertools import groupby

from imsreg.verdict.authentication import Kind
from imsreg.verdict.checks.registry import check
from imsreg.verdict.outcome import Breach, Held, Observed, Outcome, Unmet
from imsreg.verdict.view import Answered, View, line_of

NOBODY_CHALLENGED = Unmet("no REGISTER got a digest challenge that can be read")


@check("24.229-5.4.1.2.1-01")
def challenges_before_it_registers(view: View) -> Iterator[Outcome]:
    """The first REGISTER for a contact proves nothing yet: it gets a challenge and no binding."""
    initial = list(_initial(view))
    if not initial:
        yield Unmet("no REGISTER began a registration of a contact")
    for answered in initial:
        yield _challenged(answered)


def _initial(view: View) -> Iterator[Answered]:
    begun: set[tuple[str, str]] = set()
    for answered in view.answered:
        attempt = answered.attempt
        contacts = {(attempt.record, str(contact.uri)) for contact in attempt.contacts}
        # On an association it is integrity protected, and another matter.
        clear = attempt.exchange.request.flow.association is None
        if attempt.kind is Kind.UNCHALLENGED and attempt.sound and attempt.binds and clear and not contacts & begun:
            authorization = attempt.authorization
            if authorization is None or not (authorization.response or authorization.auts):
                yield answered
        begun |= contacts


def _challenged(answered: Answered) -> Outcome:
    expected = "401 with a digest challenge"
    match answered.response.status:
        case 401 if answered.attempt.challenge is not None:
            return Held(answered.entry)
        case 401:
            line = line_of(answered.response, "WWW-Authenticate")
            return Breach(answered.entry, expected, f"401: {answered.attempt.challenge_fault}", line)
        case 407:
            return Breach(answered.entry, expected, "407, which asks for credentials of another kind")
        case status if status // 100 == 2:
            return Breach(answered.entry, expected, f"{status}: the network skips authentication")
        case status:
            return Unmet(f"the initial REGISTER was refused with {status}")


@check("24.229-5.4.1.2.1A-01")
def realm_is_the_home_domain(view: View) -> Iterator[Outcome]:
    """The realm is the domain at which the subscriber is at home."""
    if not view.challenges:
        yield NOBODY_CHALLENGED
    for challenged in view.challenges:
        subscriber = challenged.attempt.subscriber
        home = subscriber.home_domain if subscriber is not None else view.facts.home_domain
        realm = challenged.header.realm
        if realm is not None and realm.lower() == home.lower():
            yield Held(challenged.entry)
        else:
            yield Breach(challenged.entry, f'realm="{home}"', _shown("realm", realm), challenged.line)


@check("24.229-5.4.1.2.1A-02")
def algorithm_is_akav1_md5(view: View) -> Iterator[Outcome]:
    """One of the challenges of each 401 to a subscriber with AKA keys is for AKAv1-MD5, written without quotes."""
    decisive = [c for c in view.challenges if c.attempt.by_aka or c.attempt.subscriber is None]
    if not decisive:
        yield Unmet("nobody but subscribers with a password was challenged") if view.challenges else NOBODY_CHALLENGED
    for entry, group in groupby(decisive, key=lambda challenged: challenged.entry):
        challenges = list(group)
        expected = "algorithm=AKAv1-MD5"
        ours = [c for c in challenges if (c.header.algorithm or "").lower() == "akav1-md5"]
        if not ours:
            found = [_shown("algorithm", c.header.algorithm, otherwise="no algorithm: MD5") for c in challenges]
            yield Breach(entry, expected, ", ".join(found), challenges[0].line)
        elif all(c.header.params["algorithm"].quoted for c in ours):
            yield Observed(entry, expected, 'algorithm="AKAv1-MD5" in quotes', ours[0].line)
        else:
            yield Held(entry)


@check("rfc3261-22.1-01")
def challenge_names_a_realm(view: View) -> Iterator[Outcome]:
    """There is a realm; whether it is unique in the world does not show on the wire."""
    if not view.challenges:
        yield NOBODY_CHALLENGED
    for challenged in view.challenges:
        if challenged.header.realm:
            yield Held(challenged.entry)
        else:
            yield Breach(challenged.entry, "a realm", _shown("realm", challenged.header.realm), challenged.line)


@check("rfc3261-22.1-02")
def realm_holds_a_host_or_domain_name(view: View) -> Iterator[Outcome]:
    """A dotted name or an address literal stands somewhere in the realm."""
    realms = [(challenged, realm) for challenged in view.challenges if (realm := challenged.header.realm)]
    if not realms:
        yield Unmet("no challenge names a realm")
    for challenged, realm in realms:
        if any(_is_host(word) for word in re.split(r"[^0-9A-Za-z.:-]+", realm)):
            yield Held(challenged.entry)
        else:
            yield Breach(
                challenged.entry, "a host or domain name in the realm", _shown("realm", realm), challenged.line
            )


@check("rfc3261-22.4-01")
def challenge_offers_qop(view: View) -> Iterator[Outcome]:
    """Every digest challenge says which qualities of protection are on offer."""
    if not view.challenges:
        yield NOBODY_CHALLENGED
    for challenged in view.challenges:
        if challenged.header.qop_options:
            yield Held(challenged.entry)
        else:
            yield Breach(challenged.entry, 'qop="auth"', _shown("qop", challenged.header.qop), challenged.line)


def _is_host(word: str) -> bool:
    try:
        ip_address(word)
    except ValueError:
        return "." in word.strip(".:-")
    return True


def _shown(name: str, value: str | None, otherwise: str | None = None) -> str:
    return f'{name}="{value}"' if value is not None else otherwise or f"no {name}"
