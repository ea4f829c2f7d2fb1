"""The network's half of the security agreement: Security-Server in its answers (TS 33.203 7 and H; RFC 3329 2)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from imsreg.secagree.negotiation import CURRENT_TRANSFORMS, FIRST_FREE_SPI, LEGACY_TRANSFORMS, MECHANISM, common
from imsreg.sip.errors import HeaderError
from imsreg.sip.headers.security import SecurityClient, SecurityServer
from imsreg.sip.headers.via import Via
from imsreg.sip.message import Request, Response
from imsreg.verdict.authentication import Attempt, Kind
from imsreg.verdict.checks.registry import check
from imsreg.verdict.offers import nothing_in_common
from imsreg.verdict.outcome import Breach, Held, Observed, Outcome, Unmet, held_unless
from imsreg.verdict.view import View, elements, line_of, readable

NAME = "Security-Server"
NO_LIST = Unmet("no response had a Security-Server that can be read")

ALGS = frozenset(("hmac-sha-1-96", "aes-gmac", "null"))
EALGS = frozenset(("aes-cbc", "aes-gcm", "null"))
RETIRED = frozenset(("hmac-md5-96", "des-ede3-cbc"))
"""Algorithms of TS 33.203 Annex H before release 14."""
RETIRED_SINCE = 14


@dataclass(frozen=True, slots=True)
class Announced:
    """One entry of a Security-Server list: the response, where it stands in it, and the request that it answers."""

    entry: int
    line: int
    request: Request
    mechanism: SecurityServer

    @property
    def ipsec(self) -> bool:
        """Whether it offers ipsec-3gpp."""
        return self.mechanism.mechanism.lower() == MECHANISM


@check("33.203-7.2-01")
def the_challenge_brings_the_list(view: View) -> Iterator[Outcome]:
    """The 401 to an initial REGISTER with a usable Security-Client has Security-Server, with an ipsec-3gpp entry.

    A 494 with a list on which nothing is that the UE proposed is what 7.3.2.1 leaves.
    """
    expected = f"{NAME} with an ipsec-3gpp entry in the 401"
    offers = [a for a in view.answered if a.attempt.sound and _offers(a.attempt)]
    if not offers:
        yield Unmet("no initial REGISTER with Security-Client was answered")
    for answered in offers:
        response, status = answered.response, answered.response.status
        line = line_of(response, NAME)
        if status == 494 and nothing_in_common(answered.attempt.request, response):
            yield Unmet("nothing that the UE proposed is on the list of the network")
        elif status == 494 and line is not None:
            yield Observed(answered.entry, expected, f"494 with {NAME} (RFC 3329 2.3.1)", line)
        elif status != 401:
            yield Unmet(f"the REGISTER with Security-Client got {status}")
        elif any(e.mechanism.lower() == MECHANISM for e in readable(response, SecurityServer)):
            yield Held(answered.entry)
        else:
            yield Breach(answered.entry, expected, _listed(response), line)


@check("33.203-7.1-01")
def spis_are_not_those_of_the_ue(view: View) -> Iterator[Outcome]:
    """Both sides take the same keys, so an SPI that both have invites reflection (TS 33.203 7.1)."""
    expected = "spi-c and spi-s that differ from each other and from the UE's"
    entries = [e for e in _announced(view) if e.ipsec and _ue_spis(e.request)]
    if not entries:
        yield NO_LIST
    for each in entries:
        spis = [spi for spi in (each.mechanism.spi_c, each.mechanism.spi_s) if spi is not None]
        if set(spis) & _ue_spis(each.request) or len(set(spis)) < len(spis):
            yield Breach(each.entry, expected, str(each.mechanism), each.line)
        elif any(spi < FIRST_FREE_SPI for spi in spis):
            yield Observed(each.entry, "SPIs from 256 on (RFC 4303 2.1)", str(each.mechanism), each.line)
        else:
            yield Held(each.entry)


@check("33.203-H-01")
def every_entry_is_complete(view: View) -> Iterator[Outcome]:
    """alg, both SPIs and both ports in every ipsec-3gpp entry. A list that cannot be read has none of them."""
    decided = False
    for reply in view.replies:
        try:
            reply.response.get_all(SecurityServer)
        except HeaderError as error:
            decided = True
            yield Breach(reply.entry, "a Security-Server that can be read", str(error), error.line)
    for each in _announced(view):
        if each.ipsec:
            decided = True
            yield from held_unless(_lacking(each), each.entry)
    if not decided:
        yield NO_LIST


@check("33.203-H-02")
def algorithms_are_those_of_annex_h(view: View) -> Iterator[Outcome]:
    """Integrity names in alg, encryption names in ealg; those that release 14 took out are odd from then on."""
    entries = [e for e in _announced(view) if e.ipsec and e.mechanism.alg is not None]
    if not entries:
        yield NO_LIST
    for each in entries:
        yield from held_unless(_algorithm_findings(each, view.facts.release), each.entry)


@check("rfc3329-2.2-01")
def no_two_mechanisms_share_a_q(view: View) -> Iterator[Outcome]:
    """Preferences are compared as numbers; entries without q do not count."""
    lists: dict[int, list[Announced]] = {}
    for each in _announced(view):
        lists.setdefault(each.entry, []).append(each)
    if not lists:
        yield NO_LIST
    for entry, mechanisms in lists.items():
        counts = Counter(each.mechanism.q for each in mechanisms if each.mechanism.q is not None)
        shared = [q for q, times in counts.items() if times > 1]
        if shared:
            line = next(each.line for each in mechanisms if each.mechanism.q == shared[0])
            actual = f"{counts[shared[0]]} mechanisms with q={shared[0]}"
            yield Breach(entry, "another q for every mechanism", actual, line)
        else:
            yield Held(entry, "" if len(counts) > 1 else "fewer than two mechanisms have q")


def _announced(view: View) -> Iterator[Announced]:
    """Every entry of every Security-Server that can be read."""
    for reply in view.replies:
        if readable(reply.response, SecurityServer):
            for line, text in elements(reply.response, NAME):
                if text:
                    yield Announced(reply.entry, line, reply.request, SecurityServer.parse(text))


def _offers(attempt: Attempt) -> bool:
    """Whether this is an initial REGISTER that proposes what a network can know, and says so in Require.

    From the first hop: several Via values are refused (RFC 3329 2.3.1), and a UE gives its own address in the one.
    For a contact: one that only removes or asks begins no registration.
    """
    vias = readable(attempt.request, Via)
    return (
        attempt.kind is Kind.UNCHALLENGED
        and attempt.binds
        and len(vias) == 1
        and vias[0].sent_from(attempt.exchange.request.source.host)
        and "sec-agree" in attempt.request.option_tags("Require")
        and common(readable(attempt.request, SecurityClient), (*CURRENT_TRANSFORMS, *LEGACY_TRANSFORMS))
    )


def _ue_spis(request: Request) -> set[int]:
    offered = (entry for entry in readable(request, SecurityClient) if entry.mechanism.lower() == MECHANISM)
    return {spi for entry in offered for spi in (entry.spi_c, entry.spi_s) if spi is not None}


def _lacking(each: Announced) -> Iterator[Breach]:
    mechanism = each.mechanism
    values = {
        "alg": mechanism.alg,
        "spi-c": mechanism.spi_c,
        "spi-s": mechanism.spi_s,
        "port-c": mechanism.port_c or None,
        "port-s": mechanism.port_s or None,
    }
    for name in (name for name, value in values.items() if value is None):
        given = f"{name}={mechanism.params.get(name)}" if name in mechanism.params else f"no {name}"
        yield Breach(each.entry, f"{name} in {MECHANISM}", f"{given} in {mechanism}", each.line)


def _algorithm_findings(each: Announced, release: int) -> Iterator[Breach | Observed]:
    alg, ealg = (each.mechanism.alg or "").lower(), (each.mechanism.ealg or "null").lower()
    for name, token, known in (("alg", alg, ALGS | {"hmac-md5-96"}), ("ealg", ealg, EALGS | {"des-ede3-cbc"})):
        if token not in known:
            yield Breach(each.entry, f"{name} of {', '.join(sorted(known - RETIRED))}", f"{name}={token}", each.line)
        elif token in RETIRED and release >= RETIRED_SINCE:
            expected = f"an algorithm of release {release}"
            yield Observed(each.entry, expected, f"{name}={token}, which went with release {RETIRED_SINCE}", each.line)
    if alg in ALGS and ealg in EALGS and (alg == "null") != (ealg == "aes-gcm"):
        yield Observed(each.entry, "alg=null together with ealg=aes-gcm", f"alg={alg}; ealg={ealg}", each.line)


def _listed(response: Response) -> str:
    if response.field(NAME) is None:
        return f"no {NAME}: the network ignores sec-agree"
    names = [each.mechanism for each in readable(response, SecurityServer)]
    return f"{NAME}: {', '.join(names)}" if names else f"a {NAME} that cannot be read"
