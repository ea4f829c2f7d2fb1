"""The fields as imsreg reads them."""

from __future__ import annotations

from differential.fields import Fields, Values, authorization, host, ports, present, uri, uri_text

from imsreg.sip.errors import UriError
from imsreg.sip.headers.authorization import Authorization
from imsreg.sip.headers.cseq import CSeq
from imsreg.sip.headers.name_addr import Contact, From, NameAddr, To
from imsreg.sip.headers.via import Via
from imsreg.sip.message import HeaderError, MessageError, Request, Response, parse
from imsreg.sip.uri import Uri


def read(octets: bytes) -> Fields | None:
    """The fields, or None if the octets are no message or one of the compared headers cannot be read."""
    try:
        return _fields(parse(octets))
    except (MessageError, HeaderError, UriError):
        return None


def _fields(message: Request | Response) -> dict[str, Values]:
    found: dict[str, Values] = {}
    if isinstance(message, Request):
        found["method"] = (message.method,)
        found["request-uri"] = (_uri(Uri.parse(message.request_uri)),)
    else:
        found["status"] = (f"{message.status}",)
    vias = message.get_all(Via)
    found["via host"] = tuple(host(via.host) for via in vias)
    found["via port"] = ports(via.port for via in vias)
    found["via branch"] = present(via.branch for via in vias)
    for name, header in (("from", From), ("to", To)):
        address: NameAddr | None = message.get(header)
        found[f"{name} uri"] = () if address is None else (_uri(address.uri),)
        found[f"{name} tag"] = () if address is None else present((address.params.get("tag"),))
    cseq = message.get(CSeq)
    found["cseq"] = () if cseq is None else (f"{cseq.number} {cseq.method}",)
    found["call-id"] = message.values("Call-ID")[:1]
    contacts = message.get_all(Contact)
    found["contact uri"] = tuple("*" if contact.star else _uri(contact.uri) for contact in contacts)
    found["contact expires"] = present(contact.params.get("expires") for contact in contacts)
    credentials = message.get(Authorization)
    found["authorization"] = (
        () if credentials is None else authorization({name: each.value for name, each in credentials.params.items()})
    )
    found["authorization auts"] = present((credentials and credentials.auts,))
    return found


def _uri(read: Uri) -> str:
    if read.scheme not in ("sip", "sips"):
        return uri_text(read.text)
    return uri(read.scheme, read.user, read.host, read.port)
