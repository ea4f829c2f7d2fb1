"""What a message must be so that the next element can take it off a connection (RFC 3261 18.3)."""

from __future__ import annotations

from imsreg.registration.replies import Refusal
from imsreg.sip.draft import Draft
from imsreg.sip.errors import MessageError
from imsreg.sip.framing import FramingError, StreamFramer
from imsreg.sip.message import Request, parse


def require_carriable(draft: Draft) -> Draft:
    """`draft`, or Refusal: 513 beyond the bounds of the reader, 400 where the stream would be divided elsewhere.

    A stream that was divided at the wrong place once is lost for every message after it, so that a hostile peer could
    silence the connection between two elements for everybody.
    """
    octets = draft.to_bytes()
    try:
        frames = StreamFramer().feed(octets)
        parse(octets, stream=True)
    except (FramingError, MessageError) as error:
        raise Refusal(513) from error
    if frames != [octets]:
        raise Refusal(400)
    return draft


def carriable_response(draft: Draft, request: Request) -> Draft:
    """A response to `request`, or 513 in its place if what it copies and lists makes it too large to be read."""
    try:
        return require_carriable(draft)
    except Refusal as too_large:
        return too_large.draft(request)
