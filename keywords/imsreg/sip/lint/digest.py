"""Challenges, credentials and Authentication-Info (RFC 3261 22.4, RFC 2617 3.2, RFC 7616 3.3 to 3.5, RFC 3310)."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Mapping

from imsreg.sip.errors import show
from imsreg.sip.lint.headers import CHALLENGE, CREDENTIALS
from imsreg.sip.lint.params import against_rules, repeated
from imsreg.sip.lint.parts import Parameter, Part, parameters
from imsreg.sip.lint.source import Field, Source
from imsreg.sip.lint.violation import Violation

_CHALLENGES = ("WWW-Authenticate", "Proxy-Authenticate")
_CREDENTIALS = ("Authorization", "Proxy-Authorization")
_SCHEME = re.compile(rb"(?P<scheme>[^ \t\r\n]+)[ \t\r\n]+")
_CLAUSE = "RFC 3261 25.1, RFC 7616 3.3, 3.4"
_QOP_MARKS = frozenset(("nc", "cnonce"))


def auth_parameters(field: Field) -> list[Parameter]:
    """The parameters of a challenge or credentials that follow their grammar, whatever the scheme."""
    begin = _SCHEME.match(field.value.octets)
    assert begin is not None
    return list(parameters(field.value.slice(begin.end()).cut(b",")))


def digest_parameters(field: Field) -> list[Parameter]:
    """The parameters of a field with the Digest scheme; none for any other field."""
    if not field.good or field.name not in _CHALLENGES + _CREDENTIALS or scheme(field) != "digest":
        return []
    return auth_parameters(field)


def scheme(field: Field) -> str:
    """The scheme of a challenge or credentials that follow their grammar, in lower case."""
    match = _SCHEME.match(field.value.octets)
    assert match is not None
    return match["scheme"].decode("ascii").lower()


def challenges(source: Source) -> Iterator[Violation]:
    """What a server asks for."""
    for field in source.good(*_CHALLENGES):
        if scheme(field) == "basic":
            yield source.find("basic-scheme", field.value.at, "the challenge asks for Basic", "Digest")
        yield from repeated(source, auth_parameters(field), "duplicate-auth-parameter")
        found = digest_parameters(field)
        if not found:
            continue
        yield from against_rules(source, found, CHALLENGE, _CLAUSE)
        by_name = {parameter.name: parameter for parameter in found}
        yield from _lacking(source, field.value, by_name, ("realm", "nonce"))
        if "qop" not in by_name:
            yield source.find("challenge-qop", field.value.at, "the challenge has no qop", 'qop="auth" or another')
        yield from _aka_nonce(source, by_name)


def credentials(source: Source) -> Iterator[Violation]:
    """What a client answers, or says of itself before it is asked."""
    for field in source.good(*_CREDENTIALS):
        yield from repeated(source, auth_parameters(field), "duplicate-auth-parameter")
        found = digest_parameters(field)
        if not found:
            continue
        yield from against_rules(source, found, CREDENTIALS, _CLAUSE)
        by_name = {parameter.name: parameter for parameter in found}
        yield from _lacking(source, field.value, by_name, ("username", "realm", "nonce", "uri", "response"))
        yield from _with_qop(source, by_name, _QOP_MARKS)
        response = by_name.get("response")
        if response is not None and 0 < len(digits := response.unquoted or "") < 32:
            what = f"the response has {len(digits)} digits"
            yield source.find("digest-length", response.whole.at, what, "32 or more, or none before a challenge")


def authentication_info(source: Source) -> Iterator[Violation]:
    """What a server says after it accepted credentials."""
    for field in source.good("Authentication-Info"):
        found = list(parameters(field.value.cut(b",")))
        yield from repeated(source, found, "duplicate-auth-parameter")
        yield from _with_qop(source, {each.name: each for each in found}, _QOP_MARKS | {"rspauth"})


def _lacking(
    source: Source, value: Part, by_name: Mapping[str, Parameter], names: tuple[str, ...]
) -> Iterator[Violation]:
    lacking = [name for name in names if name not in by_name]
    if lacking:
        right = f"{', '.join(names)} at least"
        yield source.find("digest-parameters", value.at, f"{' and '.join(lacking)} missing", right)


def _with_qop(source: Source, by_name: Mapping[str, Parameter], marks: frozenset[str]) -> Iterator[Violation]:
    qop = by_name.get("qop")
    if qop is not None and (lacking := sorted(marks - by_name.keys())):
        what = f"qop comes without {' and '.join(lacking)}"
        yield source.find("digest-qop", qop.whole.at, what, f"{', '.join(sorted(marks))} with it")


def _aka_nonce(source: Source, by_name: Mapping[str, Parameter]) -> Iterator[Violation]:
    nonce, algorithm = by_name.get("nonce"), by_name.get("algorithm")
    if nonce is None or algorithm is None or not (algorithm.unquoted or "").lower().startswith("akav"):
        return
    try:
        octets = len(base64.b64decode(nonce.unquoted or "", validate=True))
    except (binascii.Error, ValueError):
        what = f"the nonce {show(nonce.unquoted or '')} is no base64"
    else:
        if octets >= 32:
            return
        what = f"the nonce holds {octets} octets"
    yield source.find("aka-nonce", nonce.whole.at, what, "base64 of at least 32 octets, RAND and AUTN")
