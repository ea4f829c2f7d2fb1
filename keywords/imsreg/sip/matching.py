"""Which transaction a message belongs to (RFC 3261 17.1.3, 17.2.3).

Keys are read straight from the texts of the header fields, so that a message whose fields break their grammar, as
those of a device under test or of a test may, still finds its transaction.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from imsreg.sip.message import Message, Request, Response

_BRANCH = re.compile(r";[ \t]*branch[ \t]*=[ \t]*([^;,\s]+)", re.IGNORECASE)
_SENT_BY = re.compile(r"[^/]*/[^/]*/[ \t]*[^ \t;]+[ \t]+([^;]*)")
_TAG = re.compile(r";[ \t]*tag[ \t]*=[ \t]*([^;,\s]+)", re.IGNORECASE)

_COOKIE = "z9hG4bK"
"""How a branch begins that is unique among all requests of its client (RFC 3261 8.1.1.7)."""


class ClientKey(NamedTuple):
    """What a response shares with the request that it answers (RFC 3261 17.1.3).

    Branches are compared octet by octet: nobody who mints them counts on two that differ in case being one.
    """

    branch: str
    method: str

    @classmethod
    def of_request(cls, request: Request) -> ClientKey | None:
        """The key of the responses to `request`; None if its top Via has no branch.

        The method is the one in CSeq, because that is what a response echoes: a request sent with two different
        methods on purpose still meets its response. Without a readable CSeq it is the method of the start line.
        """
        branch = _branch(request)
        return None if branch is None else cls(branch, _cseq_method(request) or request.method)

    @classmethod
    def of_response(cls, response: Response) -> ClientKey | None:
        """The key of the request that `response` answers; None if it has no branch or no CSeq method."""
        branch, method = _branch(response), _cseq_method(response)
        return None if branch is None or method is None else cls(branch, method)


class ServerKey(NamedTuple):
    """What a repeated request shares with the first one (RFC 3261 17.2.3). An ACK has the key of its INVITE."""

    method: str
    identity: tuple[str, ...]

    @classmethod
    def of(cls, request: Request) -> ServerKey:
        """Branch and sent-by, or, for a client of RFC 2543, the fields that such a client repeats unchanged."""
        method = "INVITE" if request.method == "ACK" else request.method
        branch = _branch(request)
        if branch is not None and branch.startswith(_COOKIE):
            return cls(method, (branch, _sent_by(request)))
        return cls(
            method,
            (
                request.request_uri,
                _tag(request, "From"),
                "" if method == "INVITE" else _tag(request, "To"),  # an ACK has the tag of the response
                request.value("Call-ID") or "",
                *(request.value("CSeq") or "").split()[:1],
                _top_via(request),
            ),
        )


def _top_via(message: Message) -> str:
    return next(iter(message.values("Via")), "")


def _branch(message: Message) -> str | None:
    found = _BRANCH.search(_top_via(message))
    return found[1] if found else None


def _sent_by(message: Message) -> str:
    """Host and port as written, without blanks: repetitions of one request do not write them in two ways."""
    found = _SENT_BY.match(_top_via(message))
    return "".join(found[1].split()).lower() if found else ""


def _cseq_method(message: Message) -> str | None:
    parts = (message.value("CSeq") or "").split()
    return parts[1] if len(parts) == 2 else None


def _tag(request: Request, name: str) -> str:
    found = _TAG.search(request.value(name) or "")
    return found[1] if found else ""
