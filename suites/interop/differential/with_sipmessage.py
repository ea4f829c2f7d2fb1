"""The fields as the PyPI package sipmessage reads them."""

from __future__ import annotations

import sipmessage
from differential.fields import Fields, Values, authorization, host, ports, present, uri


def read(octets: bytes) -> Fields | None:
    """The fields, or None if it refuses the message or one of the compared headers."""
    try:
        return _fields(sipmessage.Message.parse(octets))
    except (ValueError, KeyError, IndexError):  # a header that is missing; a line without a colon
        return None


def _fields(message: sipmessage.Request | sipmessage.Response) -> dict[str, Values]:
    found: dict[str, Values] = {}
    if isinstance(message, sipmessage.Request):
        found["method"] = (message.method,)
        found["request-uri"] = (_uri(message.uri),)
    else:
        found["status"] = (f"{message.code}",)
    found["via host"] = tuple(host(via.host) for via in message.via)
    found["via port"] = ports(via.port for via in message.via)
    found["via branch"] = present(via.parameters.get("branch") for via in message.via)
    for name, address in (("from", message.from_address), ("to", message.to_address)):
        found[f"{name} uri"] = (_uri(address.uri),)
        found[f"{name} tag"] = present((address.parameters.get("tag"),))
    found["cseq"] = (f"{message.cseq.sequence} {message.cseq.method}",)
    found["call-id"] = (message.call_id,)
    if message.headers.get("Contact") == "*":
        found["contact uri"], found["contact expires"] = ("*",), ()
    else:
        found["contact uri"] = tuple(_uri(each.uri) for each in message.contact)
        found["contact expires"] = present(each.parameters.get("expires") for each in message.contact)
    credentials = message.authorization
    parameters = {} if credentials is None else credentials.parameters or {}
    found["authorization"] = authorization({name.lower(): value or "" for name, value in parameters.items()})
    found["authorization auts"] = present((parameters.get("auts"),))
    return found


def _uri(read: sipmessage.URI) -> str:
    if read.scheme not in ("sip", "sips"):
        return f"{read}"
    return uri(read.scheme, (read.user or "").replace("%", "%25"), read.host, read.port)
