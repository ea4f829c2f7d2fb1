"""The security agreement in the requests of a UE (RFC 3329 2.3; TS 24.229 5.1.1.2.2, 5.1.1.4.2, 5.1.1.5.1)."""

from __future__ import annotations

from collections.abc import Iterator

from imsreg.secagree.negotiation import MECHANISM, same_list
from imsreg.sip.errors import HeaderError
from imsreg.sip.headers.security import SecurityClient, SecurityMechanism, SecurityServer, SecurityVerify
from imsreg.verdict.checks.registry import check
from imsreg.verdict.checks.ue_failures import kept_parameters
from imsreg.verdict.checks.ue_register import NO_INITIAL
from imsreg.verdict.checks.ue_response import AKA_ONLY
from imsreg.verdict.outcome import Breach, Held, Outcome, Unmet
from imsreg.verdict.ue_registers import UeRegister
from imsreg.verdict.view import View, line_of, readable

NO_LIST = Unmet("the UE sent no Security-Client")
NEEDED = ("alg", "spi_c", "spi_s", "port_c", "port_s")
TAG = "sec-agree"


@check("24.229-5.1.1.2.2-04")
def offers_ipsec(view: View) -> Iterator[Outcome]:
    """Among whatever else it offers. SIP digest has no agreement."""
    decisive = [register for register in view.ue.initial if not register.by_password]
    if not decisive:
        yield AKA_ONLY if view.ue.initial else NO_INITIAL
    for register in decisive:
        expected, line = f"Security-Client with {MECHANISM}", line_of(register.request, "Security-Client")
        try:
            offered = register.request.get_all(SecurityClient)
        except HeaderError as error:
            yield Breach(register.number, expected, str(error), line)
            continue
        names = [entry.mechanism for entry in offered]
        if any(name.lower() == MECHANISM for name in names):
            yield Held(register.number)
        else:
            yield Breach(register.number, expected, ", ".join(names) or "no Security-Client", line)


@check("33.203-H-04")
def entries_are_complete(view: View) -> Iterator[Outcome]:
    """Every ipsec-3gpp entry, in every REGISTER that has the list; SPIs of fewer than ten digits are fine."""
    decided = False
    for register in view.ue.registers:
        for entry in readable(register.request, SecurityClient):
            if entry.mechanism.lower() != MECHANISM:
                continue
            decided = True
            missing = [name.replace("_", "-") for name in NEEDED if getattr(entry, name) is None]
            if missing:
                line = line_of(register.request, "Security-Client")
                yield Breach(register.number, f"{', '.join(missing)} in the entry", str(entry), line)
            else:
                yield Held(register.number)
    if not decided:
        yield NO_LIST


@check("rfc3329-2.3.1-03")
def requires_sec_agree(view: View) -> Iterator[Outcome]:
    """In both header fields, wherever Security-Client or Security-Verify is."""
    asking = _asking(view)
    if not asking:
        yield NO_LIST
    for register in asking:
        names = ("Require", "Proxy-Require")
        missing = [name for name in names if TAG not in register.request.option_tags(name)]
        if missing:
            line = line_of(register.request, missing[0])
            yield Breach(register.number, f"{TAG} in Require and Proxy-Require", f"not in {', '.join(missing)}", line)
        else:
            yield Held(register.number)


@check("rfc3329-2.3.1-04")
def states_no_preference(view: View) -> Iterator[Outcome]:
    """No q in the list of a client."""
    lists = [(r, readable(r.request, SecurityClient)) for r in view.ue.registers]
    if not any(entries for _, entries in lists):
        yield NO_LIST
    for register, entries in lists:
        rated = [entry for entry in entries if "q" in entry.params]
        if rated:
            line = line_of(register.request, "Security-Client")
            yield Breach(register.number, "entries without q", str(rated[0]), line)
        elif entries:
            yield Held(register.number)


@check("rfc3329-2.3.2-02")
def supports_sec_agree(view: View) -> Iterator[Outcome]:
    """Beside Require; a SHOULD."""
    asking = _asking(view)
    if not asking:
        yield NO_LIST
    for register in asking:
        tags = register.request.option_tags("Supported")
        if TAG in tags:
            yield Held(register.number)
        else:
            line = line_of(register.request, "Supported")
            yield Breach(register.number, f"{TAG} in Supported", ", ".join(tags) or "no Supported", line)


@check("34.229-1-A.1.1-01")
def no_security_verify_at_first(view: View) -> Iterator[Outcome]:
    """There is nothing to mirror yet."""
    if not view.ue.initial:
        yield NO_INITIAL
    for register in view.ue.initial:
        line = line_of(register.request, "Security-Verify")
        absent = line is None
        yield Held(register.number) if absent else Breach(register.number, "none", "Security-Verify", line)


@check("24.229-5.1.1.5.1-07")
def repeats_security_client(view: View) -> Iterator[Outcome]:
    """The same entries in the same order as in the request that was challenged."""
    decided = False
    for register in view.ue.responses:
        before = readable(register.answers.request, SecurityClient) if register.answers is not None else ()
        if before:
            decided = True
            yield _same(register, SecurityClient, before, "the Security-Client of the challenged request")
    if not decided:
        yield Unmet("the UE answered no challenge to a REGISTER with Security-Client")


@check("24.229-5.1.1.5.1-08")
def mirrors_security_server(view: View) -> Iterator[Outcome]:
    """Every entry with every parameter, known to the UE or not, in order."""
    decided = False
    for register in view.ue.responses:
        challenged = register.answers.final if register.answers is not None else None
        server = readable(challenged, SecurityServer) if challenged is not None else ()
        if server and not register.by_password:
            decided = True
            yield _same(register, SecurityVerify, server, "Security-Server of the challenge")
    if not decided:
        yield Unmet("the UE answered no challenge with Security-Server")


@check("24.229-5.1.1.4.2-02")
def renews_security_client(view: View) -> Iterator[Outcome]:
    """New SPIs and client port, the former server port, against the offer that the last challenge took up.

    What a refresh without a challenge has offered since was never in use.
    """
    decided = False
    for register, anchor in _refreshes(view):
        before = _ipsec(_last_answer(anchor) or anchor)
        if not before:
            continue
        decided = True
        after, line = readable(register.request, SecurityClient), line_of(register.request, "Security-Client")
        expected = "Security-Client with new spi-c, spi-s and port-c, and the former port-s"
        kept = kept_parameters(before, after)
        moved = {entry.port_s for entry in after} - {entry.port_s for entry in before}
        if not after:
            yield Breach(register.number, expected, "no Security-Client that can be read", line)
        elif kept:
            yield Breach(register.number, expected, f"{', '.join(kept)} as before", line)
        elif moved:
            yield Breach(register.number, expected, f"port-s={', '.join(map(str, moved))}", line)
        else:
            yield Held(register.number)
    if not decided:
        yield Unmet("the UE registered nothing again that it had registered with Security-Client")


@check("24.229-5.1.1.4.2-03")
def repeats_the_last_security_server(view: View) -> Iterator[Outcome]:
    """Security-Verify is that of the last authentication."""
    decided = False
    for register, anchor in _refreshes(view):
        server = _last_server(anchor)
        if server:
            decided = True
            yield _same(register, SecurityVerify, server, "Security-Server of the last authentication")
    if not decided:
        yield Unmet("the UE registered nothing again that a challenge with Security-Server came before")


def _asking(view: View) -> list[UeRegister]:
    """The REGISTER requests with a list of mechanisms, of either kind."""
    return [
        register
        for register in view.ue.registers
        if register.request.field("Security-Client") is not None
        or register.request.field("Security-Verify") is not None
    ]


def _refreshes(view: View) -> Iterator[tuple[UeRegister, UeRegister]]:
    """The requests that begin a re-registration, each with the registration before it."""
    return ((r, r.anchor) for r in view.ue.refreshes if r.anchor is not None and not r.by_password)


def _ipsec(register: UeRegister) -> tuple[SecurityClient, ...]:
    """The entries of its Security-Client that have SPIs and ports."""
    entries = readable(register.request, SecurityClient)
    return tuple(entry for entry in entries if entry.mechanism.lower() == MECHANISM)


def _last_server(anchor: UeRegister) -> tuple[SecurityServer, ...]:
    """The list in the last challenge that led to this registration, or to the one that it refreshed."""
    answer = _last_answer(anchor)
    challenged = answer.answers if answer is not None else None
    return readable(challenged.final, SecurityServer) if challenged is not None and challenged.final is not None else ()


def _last_answer(anchor: UeRegister) -> UeRegister | None:
    """The answer to that challenge; None if nothing was challenged."""
    register: UeRegister | None = anchor
    while register is not None:
        for request in register.chain():
            if request.answers is not None and request.answers.final is not None:
                return request
        register = register.anchor
    return None


def _same(
    register: UeRegister,
    header: type[SecurityClient] | type[SecurityVerify],
    wanted: tuple[SecurityMechanism, ...],
    words: str,
) -> Outcome:
    line = line_of(register.request, header.NAME)
    try:
        found = register.request.get_all(header)
    except HeaderError as error:
        return Breach(register.number, f"{header.NAME}: {words}", str(error), line)
    if same_list(found, wanted):
        return Held(register.number)
    actual = ", ".join(map(str, found)) or f"no {header.NAME}"
    return Breach(register.number, f"{header.NAME}: {', '.join(map(str, wanted))}, {words}", actual, line)
