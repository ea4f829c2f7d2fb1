"""Where the response to a request goes (RFC 3261 18.2.2, RFC 3581 4)."""

from __future__ import annotations

from dataclasses import replace

from imsreg.sip.errors import HeaderError
from imsreg.sip.flow import Address, Flow
from imsreg.sip.headers.via import Via
from imsreg.sip.message import Request

DEFAULT_PORT = 5060


def response_flow(request: Request, flow: Flow) -> Flow:
    """The flow of the response to a request that came on `flow`.

    TCP: the same connection. UDP: the source address, and of it the source port if the topmost Via asks for rport,
    else the port of sent-by (5060 where it names none). A Via that cannot be read asks for nothing: back to the source.
    maddr is not followed: a response never leaves for an address that the request did not come from.
    """
    if flow.reliable:
        return flow
    try:
        via = request.get(Via)
    except HeaderError:
        return flow
    if via is None or "rport" in via.params:
        return flow
    return replace(flow, remote=Address(flow.remote.host, via.port or DEFAULT_PORT))
