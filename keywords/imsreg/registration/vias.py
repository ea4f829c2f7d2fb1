"""The Via values of a request and its responses at a proxy (RFC 3261 16.6 step 8, 16.7 step 3, 18.2.1; RFC 3581 4)."""

from __future__ import annotations

from collections.abc import Iterable

from imsreg.sip.draft import Draft
from imsreg.sip.flow import Flow
from imsreg.sip.headers.via import Via
from imsreg.sip.message import Request


def received_vias(request: Request, flow: Flow) -> list[str]:
    """The Via values of a request that came on `flow`, as they go on and as they come back in the response.

    The topmost gets `received` if its sent-by is not the source address or `rport` was asked for, and then `rport` its
    value; all else stays as written, because a response repeats it. Raises HeaderError if it cannot be read.
    """
    values = request.values("Via")
    if not values:
        return []
    top, *others = values
    via = Via.parse(top)
    params = via.params
    if "rport" in params:
        params = params.with_param("received", flow.remote.host).with_param("rport", flow.remote.port)
    elif not via.sent_from(flow.remote.host):
        params = params.with_param("received", flow.remote.host)
    if params is not via.params:
        top = top.partition(";")[0].rstrip(" \t") + str(params)
    return [top, *others]


def set_vias(draft: Draft, values: Iterable[str]) -> None:
    """Give a message these Via values, one field each, above all other fields."""
    draft.remove("Via")
    for place, value in enumerate(values):
        draft.add("Via", value, at=place)
