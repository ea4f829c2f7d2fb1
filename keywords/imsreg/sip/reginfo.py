"""Reading and building application/reginfo+xml (RFC 3680 5, with the GRUU elements of RFC 5628)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Literal
from xml.sax.saxutils import escape, quoteattr

from imsreg.errors import ImsRegError
from imsreg.sip import scan
from imsreg.sip.defects import Defect
from imsreg.sip.errors import show
from imsreg.sip.params import Param, Params, is_quoted, unquote
from imsreg.sip.reginfo_model import (
    CONTACT_EVENTS,
    CONTACT_STATES,
    GRUU_NAMESPACE,
    MEDIA_TYPE,
    NAMESPACE,
    REGISTRATION_STATES,
    VERSION_LIMIT,
    RegContact,
    Reginfo,
    RegistrationInfo,
    TempGruu,
)
from imsreg.sip.xml_tree import XML_LANG, Element, XmlError, read_xml

__all__ = [
    "MEDIA_TYPE",
    "RegContact",
    "Reginfo",
    "ReginfoError",
    "RegistrationInfo",
    "TempGruu",
    "build_reginfo",
    "parse_reginfo",
]

_CLAUSE = "RFC 3680 5.1"
_SCHEMA = "RFC 3680 5.4"
_REGISTRATION = f"{NAMESPACE} registration"
_CONTACT = f"{NAMESPACE} contact"
_UNSIGNED_LONG = 2**64 - 1  # xs:unsignedLong
_NO_XML_CHARACTER = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class ReginfoError(ImsRegError):
    """A body is no document that a subscriber could process (RFC 3680 5.1, 5.2); `line` is 1-based in the body."""

    def __init__(self, what: str, line: int) -> None:
        self.what = what
        self.line = line
        super().__init__(what, line)

    def __str__(self) -> str:
        return f"reginfo, line {self.line} of the body: {self.what}"


def parse_reginfo(body: bytes) -> Reginfo:
    """Reads a document. What is wrong with its registrations is in `Reginfo.defects`.

    Elements and attributes of other namespaces are passed over, the GRUU elements kept. Raises ReginfoError if the
    body is not well-formed XML in UTF-8, has a document type, exceeds the bounds of `imsreg.sip.xml_tree`, is no
    reginfo, or has no version or state that 5.2 could go by.
    """
    try:
        root = read_xml(body)
    except XmlError as error:
        raise ReginfoError(error.what, error.line) from None
    if root.name != f"{NAMESPACE} reginfo":
        raise ReginfoError(f"the root element is {show(root.name)}, not reginfo of {NAMESPACE} ({_CLAUSE})", root.line)
    version = _number(root, "version", VERSION_LIMIT)
    if version is None:
        raise ReginfoError(f"the version is {_shown(root, 'version')}, no number of 32 bits ({_CLAUSE})", root.line)
    defects: list[Defect] = []
    registrations = tuple(_registration(each, defects) for each in root.all(_REGISTRATION))
    _note_doubles(root, defects)
    return Reginfo(version, _document_state(root), registrations, tuple(sorted(defects, key=lambda each: each.line)))


def build_reginfo(document: Reginfo) -> bytes:
    """The document as octets. Characters that XML 1.0 cannot hold become U+FFFD; texts that are "" are written so."""
    gruu = any(contact.pub_gruu or contact.temp_gruu for each in document.registrations for contact in each.contacts)
    attributes = {
        "xmlns": NAMESPACE,
        "xmlns:gr": GRUU_NAMESPACE if gruu else None,
        "version": document.version,
        "state": document.state,
    }
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', f"<reginfo{_attributes(attributes)}>"]
    for each in document.registrations:
        lines.append(f"  <registration{_attributes({'aor': each.aor, 'id': each.id, 'state': each.state})}>")
        for contact in each.contacts:
            lines += _contact_lines(contact)
        lines.append("  </registration>")
    lines.append("</reginfo>\n")
    return "\n".join(lines).encode("utf-8")


def _document_state(root: Element) -> Literal["full", "partial"]:
    match _plain(root, "state"):
        case "full":
            return "full"
        case "partial":
            return "partial"
        case _:
            raise ReginfoError(f"the state is {_shown(root, 'state')}, neither full nor partial ({_CLAUSE})", root.line)


def _registration(element: Element, defects: list[Defect]) -> RegistrationInfo:
    contacts = tuple(_contact(each, defects) for each in element.all(_CONTACT))
    return RegistrationInfo(
        aor=_mandatory(element, "aor", defects),
        id=_mandatory(element, "id", defects),
        state=_one_of(element, "state", REGISTRATION_STATES, defects),
        contacts=contacts,
    )


def _contact(element: Element, defects: list[Defect]) -> RegContact:
    event = _one_of(element, "event", CONTACT_EVENTS, defects)
    expires = _count(element, "expires", defects)
    retry_after = _count(element, "retry-after", defects)
    for needs, name, value in (("shortened", "expires", expires), ("probation", "retry-after", retry_after)):
        if event == needs and value is None:
            defects.append(Defect(f"a contact with the event {event} lacks {name}", element.line, _CLAUSE))
    if element.first(f"{NAMESPACE} uri") is None:
        defects.append(Defect("a contact without a uri element", element.line, _CLAUSE))
    display = element.first(f"{NAMESPACE} display-name")
    pub, temp = element.first(f"{GRUU_NAMESPACE} pub-gruu"), element.first(f"{GRUU_NAMESPACE} temp-gruu")
    return RegContact(
        id=_mandatory(element, "id", defects),
        state=_one_of(element, "state", CONTACT_STATES, defects),
        event=event,
        uri=_uri(element),
        expires=expires,
        retry_after=retry_after,
        duration_registered=_count(element, "duration-registered", defects),
        q=scan.qvalue(_plain(element, "q")),
        callid=element.attributes.get("callid"),
        cseq=_count(element, "cseq", defects),
        display_name=None if display is None else display.text.strip(),
        display_lang=None if display is None else display.attributes.get(XML_LANG),
        unknown_params=Params(_unknown_params(element, defects)),
        pub_gruu=None if pub is None else pub.attributes.get("uri"),
        temp_gruu=None if temp is None else _temp_gruu(temp),
    )


def _uri(contact: Element) -> str:
    element = contact.first(f"{NAMESPACE} uri")
    return "" if element is None else element.text.strip()


def _unknown_params(contact: Element, defects: list[Defect]) -> Iterator[Param]:
    for element in contact.all(f"{NAMESPACE} unknown-param"):
        if name := _mandatory(element, "name", defects):
            text = element.text.strip()
            yield Param(name, unquote(text), quoted=True) if is_quoted(text) else Param(name, text or None)


def _temp_gruu(element: Element) -> TempGruu:
    return TempGruu(element.attributes.get("uri", ""), _number(element, "first-cseq", _UNSIGNED_LONG))


def _note_doubles(root: Element, defects: list[Defect]) -> None:
    """Identifiers and addresses-of-record that come twice.

    Two registrations may have a contact in common: with one URI it may well have one id in both.
    """
    identifiers: set[tuple[str, str]] = set()
    contacts: dict[str, tuple[Element, str]] = {}
    for registration in root.all(_REGISTRATION):
        for name in ("id", "aor"):
            value = registration.attributes.get(name, "")
            if value and (name, value) in identifiers:
                what = f"a second registration has the {name} {show(value)}"
                defects.append(Defect(what, registration.line, _CLAUSE))
            identifiers.add((name, value))
        for contact in registration.all(_CONTACT):
            value, owner = contact.attributes.get("id", ""), (registration, _uri(contact))
            first = contacts.get(value)
            if value and first is not None and (first[0] is registration or first[1] != owner[1]):
                defects.append(Defect(f"a second contact has the id {show(value)}", contact.line, _CLAUSE))
            contacts.setdefault(value, owner)


def _mandatory(element: Element, name: str, defects: list[Defect]) -> str:
    value = element.attributes.get(name)
    if value is None:
        defects.append(Defect(f"{_local(element)} lacks the attribute {name}", element.line, _CLAUSE))
    return value or ""


def _one_of(element: Element, name: str, allowed: Sequence[str], defects: list[Defect]) -> str:
    value = _mandatory(element, name, defects)
    if name in element.attributes and value not in allowed:
        what = f"{_local(element)} has the {name} {show(value)}, none of {', '.join(allowed)}"
        defects.append(Defect(what, element.line, _CLAUSE))
    return value


def _count(element: Element, name: str, defects: list[Defect]) -> int | None:
    number = _number(element, name, _UNSIGNED_LONG)
    if name in element.attributes and number is None:
        what = f"{_local(element)} has the {name} {_shown(element, name)}, no unsigned number"
        defects.append(Defect(what, element.line, _SCHEMA))
    return number


def _number(element: Element, name: str, limit: int) -> int | None:
    # The schema types of numbers allow blanks around them, and some of them a plus sign.
    text = _plain(element, name)
    return None if text is None else scan.optional_number(text.removeprefix("+"), limit)


def _plain(element: Element, name: str) -> str | None:
    """An attribute without the blanks around it, which its schema type does not count."""
    value = element.attributes.get(name)
    return None if value is None else value.strip()


def _shown(element: Element, name: str) -> str:
    value = element.attributes.get(name)
    return "missing" if value is None else show(value)


def _local(element: Element) -> str:
    return f"the {element.name.rpartition(' ')[2]} element"


def _contact_lines(contact: RegContact) -> Iterator[str]:
    attributes = {
        "id": contact.id,
        "state": contact.state,
        "event": contact.event,
        "expires": contact.expires,
        "retry-after": contact.retry_after,
        "duration-registered": contact.duration_registered,
        "q": None if contact.q is None else f"{contact.q:g}",
        "callid": contact.callid,
        "cseq": contact.cseq,
    }
    yield f"    <contact{_attributes(attributes)}>"
    yield f"      <uri>{_text(contact.uri)}</uri>"
    if contact.display_name is not None:
        lang = _attributes({"xml:lang": contact.display_lang})
        yield f"      <display-name{lang}>{_text(contact.display_name)}</display-name>"
    for param in contact.unknown_params.all:
        value = str(param).partition("=")[2]
        yield f"      <unknown-param{_attributes({'name': param.name})}>{_text(value)}</unknown-param>"
    if contact.pub_gruu is not None:
        yield f"      <gr:pub-gruu{_attributes({'uri': contact.pub_gruu})}/>"
    if contact.temp_gruu is not None:
        temp = {"uri": contact.temp_gruu.uri, "first-cseq": contact.temp_gruu.first_cseq}
        yield f"      <gr:temp-gruu{_attributes(temp)}/>"
    yield "    </contact>"


def _attributes(values: Mapping[str, str | int | None]) -> str:
    return "".join(f" {name}={quoteattr(_clean(str(v)))}" for name, v in values.items() if v is not None)


def _text(text: str) -> str:
    return escape(_clean(text))


def _clean(text: str) -> str:
    return _NO_XML_CHARACTER.sub("\ufffd", text)
