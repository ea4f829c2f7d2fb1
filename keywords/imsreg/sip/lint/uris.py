"""URIs wherever they stand: the grammar of their scheme, and what may be in them there (RFC 3261 19.1.1, 20)."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from typing import NamedTuple

from imsreg.sip.abnf.grammar import sip_grammar
from imsreg.sip.abnf.recogniser import Answer
from imsreg.sip.errors import show
from imsreg.sip.lint.digest import digest_parameters
from imsreg.sip.lint.finding import grammar_words
from imsreg.sip.lint.params import elements, lacks_brackets, repeated
from imsreg.sip.lint.parts import Part, SipUri, address_uri, sip_uri, uri_scheme
from imsreg.sip.lint.source import Source
from imsreg.sip.lint.violation import Violation
from imsreg.sip.message import Request

_RULES = {"sip": ("SIP-URI", None), "sips": ("SIPS-URI", None), "tel": ("telephone-uri", "RFC 3966 3")}
_IPV4 = re.compile(r"[0-9]+(?:\.[0-9]+){3}")
_NAME_AT_BRACKET = re.compile(rb'[^"<]*[^"< \t\r\n]<')
_NOT_IN_AN_IDENTITY = frozenset(("maddr", "ttl", "transport", "lr", "method"))


class _Place(NamedTuple):
    """A URI and where it stands, "" for what table 1 says nothing about."""

    uri: Part
    where: str


def uris(source: Source) -> Iterator[Violation]:
    """Every URI of the message."""
    for uri, where in _places(source):
        scheme = uri_scheme(uri)
        if scheme not in _RULES:
            continue
        rule, clause = _RULES[scheme]
        judged = uri
        if scheme != "tel" and b"@" not in uri.octets:
            # Everything could be the beginning of a user part; that none follows is not what is wrong.
            rule, judged = "hostpart", uri.slice(len(scheme) + 1)
        recognition = sip_grammar().recognise(rule, judged.octets)
        if recognition.answer is not Answer.YES:
            what, right = grammar_words(f"a {scheme} URI", recognition, judged)
            yield source.find("uri-grammar", judged.at + recognition.reached, what, right, clause)
        elif scheme != "tel":
            parts = sip_uri(uri)
            yield from host_and_port(source, parts.host, parts.port)
            yield from repeated(source, parts.parameters, "duplicate-uri-parameter")
            yield from _components(source, parts, where)


def brackets(source: Source) -> Iterator[Violation]:
    """URIs without angle brackets that need them."""
    for field in source.good("From", "To", "Contact"):
        for element in elements(field):
            if lacks_brackets(field, element):
                what = f"{show(element.octets)} has a character that only angle brackets can hold"
                yield source.find("uri-brackets", element.at, what, "< before and > after the URI")


def display_names(source: Source) -> Iterator[Violation]:
    """Display names of tokens that the bracket follows at once."""
    for field in source.fields:
        if field.good and field.info is not None and field.info.address:
            for element in elements(field):
                if match := _NAME_AT_BRACKET.match(element.octets):
                    what = "no blank stands before the bracket"
                    yield source.find("display-name-blank", element.at + match.end() - 1, what, "a blank before <")


def _places(source: Source) -> Iterator[_Place]:
    if isinstance(source.message, Request):
        line = source.start_line
        if sip_grammar().recognise("Request-Line", line.octets).answer is Answer.YES:
            begin = line.octets.index(b" ") + 1
            yield _Place(line.slice(begin, line.octets.rindex(b" ")), "the Request-URI")
    for field in source.fields:
        if field.good and field.info is not None and field.info.address:
            for element in elements(field):
                if not lacks_brackets(field, element):
                    yield _Place(address_uri(element)[0], field.name)
        for parameter in digest_parameters(field):
            if parameter.name == "uri" and parameter.value is not None:
                yield _Place(parameter.value.slice(1, -1), "")


def host_and_port(source: Source, host: Part, port: Part | None) -> Iterator[Violation]:
    """A host that looks like an address and is none, and a port that no packet can have."""
    text = host.text
    if text.startswith("["):
        if ":::" in text and _is_address(text[1:-1].replace(":::", "::"), ipaddress.IPv6Address):
            yield source.find(
                "three-colons", host.at + text.index(":::"), f"{show(text)} has three colons", "two colons"
            )
        elif not _is_address(text[1:-1], ipaddress.IPv6Address):
            right = "eight groups of up to four hexadecimal digits, :: for zeros"
            yield source.find("ip-address", host.at, f"{show(text)} is no IPv6 address", right)
    elif _IPV4.fullmatch(text) and not _is_address(text, ipaddress.IPv4Address):
        yield source.find("ip-address", host.at, f"{show(text)} is no IPv4 address", "four numbers from 0 to 255")
    if port is not None and (digits := port.text.lstrip("0")) and (len(digits) > 5 or int(digits) > 65535):
        yield source.find("port-range", port.at, f"{show(port.octets)} is no port", "a number up to 65535")


def _is_address(text: str, kind: type[ipaddress.IPv4Address | ipaddress.IPv6Address]) -> bool:
    if kind is ipaddress.IPv4Address:
        return all(len(part) <= 3 and int(part) <= 255 for part in text.split("."))  # leading zeros are in the grammar
    try:
        kind(text)
    except ValueError:
        return False
    return True


def _components(source: Source, uri: SipUri, where: str) -> Iterator[Violation]:
    """What table 1 of RFC 3261 19.1.1 does not allow in a place."""
    right = f"no such part in {where}"
    if where in ("the Request-URI", "From", "To"):
        if uri.headers is not None:
            yield source.find("uri-component", uri.headers.at, "the URI has headers", right)
        if where != "the Request-URI" and uri.port is not None:
            yield source.find("uri-component", uri.port.at, "the URI has a port", right)
        forbidden = frozenset(("method",)) if where == "the Request-URI" else _NOT_IN_AN_IDENTITY
        for parameter in uri.parameters:
            if parameter.name in forbidden:
                yield source.find("uri-component", parameter.whole.at, f"the URI has {parameter.name}", right)
