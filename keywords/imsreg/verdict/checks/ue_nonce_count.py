"""The nonce count, and which parameters are quoted (RFC 7616 3.4)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from imsreg.sip.errors import HeaderError
from imsreg.sip.headers.authorization import Authorization
from imsreg.sip.message import Request
from imsreg.verdict.checks.registry import check
from imsreg.verdict.checks.ue_numbering import left_out
from imsreg.verdict.credentials import FIRST_USE
from imsreg.verdict.outcome import Breach, Held, Observed, Outcome, Unmet
from imsreg.verdict.ue_challenges import known_algorithm
from imsreg.verdict.view import View, line_of

QUOTED = frozenset(("username", "realm", "nonce", "uri", "response", "cnonce", "opaque"))
BARE = frozenset(("algorithm", "qop", "nc"))
"""Parameters that are always quoted, and those that never are (RFC 7616 3.4)."""

_NC = re.compile(r"[0-9A-Fa-f]{8}")


@dataclass(frozen=True, slots=True)
class _Used:
    """Credentials that were sent with a nonce, and their count."""

    given: Authorization
    count: int


@check("rfc7616-3.4-03")
def counts_the_uses_of_a_nonce(view: View) -> Iterator[Outcome]:
    """One more with each request. Over AKA a UE may send its last response again as it was (TS 24.229 5.1.1.4.2)."""
    used: dict[str, _Used] = {}
    aka = set(_aka_nonces(view))
    decided = False
    for number, request, given in _credentials(view):
        if not given.nonce or given.qop is None:
            continue
        decided = True
        line = line_of(request, "Authorization")
        if given.nc is None or not _NC.fullmatch(given.nc):
            yield Breach(number, "nc of eight hexadecimal digits", _shown(given.nc), line)
            continue
        count, before = int(given.nc, 16), used.get(given.nonce)
        by_aka = given.nonce in aka or (given.algorithm or "").lower().startswith("aka")
        unseen = before is not None or count - FIRST_USE <= left_out(view, number)
        yield _counted(number, given, count, before, line, aka=by_aka, unseen=unseen)
        used[given.nonce] = _Used(given, max(count, before.count if before is not None else 0))
    if not decided:
        yield Unmet("the UE sent no credentials with a qop")


def _counted(
    number: int, given: Authorization, count: int, before: _Used | None, line: int | None, *, aka: bool, unseen: bool
) -> Outcome:
    """`unseen`: requests with this nonce that nobody saw may lie before it."""
    due = FIRST_USE if before is None else before.count + 1
    if count == due or (aka and before is not None and _repeats(given, before.given)):
        return Held(number)
    found = Observed if unseen and count > due else Breach
    return found(number, f"nc={due:08x}", _shown(given.nc), line)


def _repeats(given: Authorization, before: Authorization) -> bool:
    return all(given.text(name) == before.text(name) for name in ("nc", "cnonce", "response"))


def _aka_nonces(view: View) -> Iterator[str]:
    """The nonces of the challenges that ask for AKA."""
    for register in view.ue.challenged:
        for header in register.posed.headers if register.posed is not None else ():
            algorithm = known_algorithm(header)
            if algorithm is not None and algorithm.aka and header.nonce:
                yield header.nonce
    for register in view.ue.responses:
        # The answer to such a challenge may have changed its nonce: that is judged elsewhere.
        answered = known_algorithm(register.challenge) if register.challenge is not None else None
        if answered is not None and answered.aka and register.nonce:
            yield register.nonce


@check("rfc7616-3.4-04")
def quotes_what_is_to_be_quoted(view: View) -> Iterator[Outcome]:
    """In every Authorization, with or without a challenge."""
    decided = False
    for number, request, given in _credentials(view):
        decided = True
        line = line_of(request, "Authorization")
        bare = [name for name, param in given.params.items() if name in QUOTED and not param.quoted]
        quoted = [name for name, param in given.params.items() if name in BARE and param.quoted]
        if bare:
            yield Breach(number, f"{', '.join(bare)} in quotes", _as_written(given, bare), line)
        if quoted:
            yield Breach(number, f"{', '.join(quoted)} without quotes", _as_written(given, quoted), line)
        if not bare and not quoted:
            yield Held(number)
    if not decided:
        yield Unmet("the UE sent no Authorization that can be read")


def _credentials(view: View) -> Iterator[tuple[int, Request, Authorization]]:
    """Every Digest Authorization of the UE, in requests of whatever method."""
    for exchange in view.ue.exchanges:
        request = exchange.request.message
        if not isinstance(request, Request):
            continue
        try:
            given = request.get(Authorization)
        except HeaderError:
            continue
        if given is not None and given.scheme.lower() == "digest":
            yield exchange.request.number, request, given


def _as_written(given: Authorization, names: list[str]) -> str:
    return ", ".join(f"{name}={given.params[name]}" for name in names)


def _shown(nc: str | None) -> str:
    return f"nc={nc}" if nc is not None else "no nc"
