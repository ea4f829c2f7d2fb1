"""Responses of a reference element: the copied fields, the To tag, the refusals."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from imsreg.sip.draft import Draft
from imsreg.sip.message import Request


def reply(request: Request, status: int, reason: str | None = None) -> Draft:
    """A response with Via, From, To, Call-ID and CSeq as RFC 3261 8.2.6.2 wants them: copied, To with a tag.

    The tag is a digest of what identifies the request, so every response to one request carries the same tag.
    """
    response = Draft.response(status, reason)
    for name in ("Via", "From", "To", "Call-ID", "CSeq"):
        for field in request.fields(name):
            value = field.value
            if name == "To" and not _has_tag(value):
                value = f"{value};tag={_tag(request)}"
            response.add(name, value)
    return response


def _has_tag(to: str) -> bool:
    tail = to.rpartition(">")[2]
    return any(p.strip().lower().startswith("tag=") for p in tail.split(";"))


def _tag(request: Request) -> str:
    identity = "\n".join((request.value("Via") or "", request.value("Call-ID") or "", request.value("CSeq") or ""))
    return hashlib.sha256(identity.encode("utf-8", "surrogateescape")).hexdigest()[:16]


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
