"""Responses of a reference element: the copied fields, the To tag, the refusals."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping

from imsreg.sip.draft import Draft
from imsreg.sip.errors import HeaderError
from imsreg.sip.headers.name_addr import To
from imsreg.sip.message import Request

_TAG = re.compile(r";[ \t]*tag[ \t]*=", re.IGNORECASE)


def reply(request: Request, status: int, reason: str | None = None) -> Draft:
    """A response with Via, From, To, Call-ID and CSeq as RFC 3261 8.2.6.2 wants them: copied, To with a tag.

    The tag is a digest of what identifies the request, so every response to one request carries the same tag. Of a
    header field that may come only once, the first is copied: a response never repeats the request's fault.
    """
    response = Draft.response(status, reason)
    for field in request.fields("Via"):
        response.add("Via", field.value)
    for name in ("From", "To", "Call-ID", "CSeq"):
        value = request.value(name)
        if value is not None:
            tagged = name != "To" or _has_tag(value)
            response.add(name, value if tagged else f"{value};tag={_tag(request)}")
    return response


def _has_tag(to: str) -> bool:
    try:
        return "tag" in To.parse(to).params
    except HeaderError:
        return _TAG.search(to) is not None


def _tag(request: Request) -> str:
    identity = "\n".join((request.value("Via") or "", request.value("Call-ID") or "", request.value("CSeq") or ""))
    return hashlib.sha256(identity.encode("utf-8", "surrogateescape")).hexdigest()[:16]


class Discarded(Exception):
    """A request that gets no response: the text says why."""


class Refusal(Exception):
    """A final response that ends the processing of a request."""

    def __init__(self, status: int, reason: str | None = None, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(status, reason)
        self.status = status
        self.reason = reason
        self.headers = dict(headers or {})

    def draft(self, request: Request) -> Draft:
        """The response to `request`."""
        response = reply(request, self.status, self.reason)
        for name, value in self.headers.items():
            response.add(name, value)
        return response


def unreadable(error: HeaderError) -> Refusal:
    """400 for a header field that has to be read and cannot be; the phrase names it (RFC 3261 21.4.1)."""
    return Refusal(400, f"Bad Request ({error.name})")
