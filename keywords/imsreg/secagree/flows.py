"""Associations as the flows of messages (TS 33.203 7.1)."""

from __future__ import annotations

from dataclasses import replace

from imsreg.secagree.associations import Association, SaSet, Side
from imsreg.sip.flow import Flow, Transport


def flow_on(association: Association, transport: Transport) -> Flow:
    """The flow of what its sender sends on an association; over TCP on a connection of its own making."""
    return Flow(transport, association.source, association.destination, association=association.label)


def reply_on(sas: SaSet, side: Side, flow: Flow) -> Flow:
    """The flow of `side`'s response to a request that came on `flow`, on an association of this set.

    Over UDP it leaves from the client port for the other side's server port; over TCP it returns on the connection,
    which is the association of the other direction between the same ports.
    """
    carrier = sas.carrier(side, flow.transport, response=True)
    if flow.transport == "UDP":
        return flow_on(carrier, "UDP")
    back = (each for each in sas.associations if (each.source, each.destination) == (flow.local, flow.remote))
    return replace(flow, association=next(back, carrier).label)
