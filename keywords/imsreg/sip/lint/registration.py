"""REGISTER, Contact "*", and tags (RFC 3261 8.1.1, 8.2.6.2, 10.2)."""

from __future__ import annotations

from collections.abc import Iterator

from imsreg.sip.lint.params import element_parameters, elements
from imsreg.sip.lint.parts import address_uri, uri_scheme
from imsreg.sip.lint.source import Field, Source
from imsreg.sip.lint.violation import Violation
from imsreg.sip.message import Request


def register(source: Source) -> Iterator[Violation]:
    """What a REGISTER says in its Request-URI and To."""
    message = source.message
    if not isinstance(message, Request) or message.method != "REGISTER":
        return
    uri = message.request_uri
    if "@" in uri and uri.lower().startswith(("sip:", "sips:")):
        at = source.begin + source.start_line.octets.index(b" ") + 1
        yield source.find("register-request-uri", at, "the Request-URI has a user part", "the home domain alone")
    for field in source.good("To"):
        to, _ = address_uri(field.value)
        if uri_scheme(to) not in ("sip", "sips"):
            yield source.find("register-to-scheme", to.at, "To is no SIP URI", "a sip or sips address-of-record")
        if _has_tag(field):
            yield source.find("register-to-tag", field.value.at, "To has a tag", "none: a REGISTER begins no dialog")


def star(source: Source) -> Iterator[Violation]:
    """Contact "*"."""
    contacts = source.good("Contact")
    stars = [field for field in contacts if field.value.octets == b"*"]
    if not stars:
        return
    message, at = source.message, stars[0].value.at
    if len(source.named("Contact")) > 1:
        yield source.find("contact-star-alone", at, '"*" stands beside other contacts', '"*", or contacts')
    if not isinstance(message, Request) or message.method != "REGISTER":
        yield source.find("contact-star-elsewhere", at, '"*" stands outside a REGISTER request', "a contact address")
    elif [field.value.octets.lstrip(b"0") for field in source.good("Expires")] != [b""]:
        yield source.find("contact-star-expires", at, '"*" comes without Expires: 0', "Expires: 0 with it")


def tags(source: Source) -> Iterator[Violation]:
    """Tags of From and To."""
    message = source.message
    for field in source.good("From"):
        if not _has_tag(field):
            rule = "from-tag" if isinstance(message, Request) else "from-tag-absent"
            yield source.find(rule, field.value.at, "From has no tag", "a tag, as in ;tag=a48s")
    if not isinstance(message, Request) and message.status > 100:
        for field in source.good("To"):
            if not _has_tag(field):
                yield source.find("to-tag", field.value.at, "To has no tag", "a tag, as in ;tag=314159")


def _has_tag(field: Field) -> bool:
    return any(each.name == "tag" for element in elements(field) for each in element_parameters(field, element))
