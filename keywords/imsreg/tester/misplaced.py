"""What the simulated core sends where no P-CSCF would: on another association, in the clear, or broken."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

from imsreg.errors import ImsRegError, InputError
from imsreg.net.link import Link, SecuredLink
from imsreg.secagree.associations import Association, Side
from imsreg.secagree.events import EspEvent, Fault
from imsreg.secagree.flows import flow_on
from imsreg.sip.flow import Flow
from imsreg.tester.lane import Lane
from imsreg.tester.outcome import ScenarioStopped
from imsreg.tester.way import Place, Way


def flow_to(lane: Lane, on: Place, heard: Flow) -> Flow:
    """The flow to a place, over the transport of what was `heard` unless the place names one.

    Over TCP it is the connection of that where it fits. In the clear it goes where the UE was heard last in the clear.
    Raises ScenarioStopped if there is no such place.
    """
    if on == "clear":
        if lane.attendant.clear_flow is None:
            raise ScenarioStopped("precondition", "the UE has sent nothing in the clear: there is no way back to it")
        return lane.attendant.clear_flow
    association = _outbound(lane, on)
    transport = on.transport or heard.transport
    if (
        heard.reliable
        and transport == "TCP"
        and (association.source, association.destination) == (heard.local, heard.remote)
    ):
        return replace(heard, association=association.label)
    return flow_on(association, transport)


def inject(link: Link, lane: Lane, fault: Fault, data: bytes, on: Way) -> EspEvent:
    """Send a packet that is wrong on purpose on an association of a lane. Raises ScenarioStopped."""
    association = link.call(lambda: _outbound(lane, on))
    try:
        return cast("SecuredLink", link).inject(association, fault, data)
    except InputError:
        raise
    except ImsRegError as error:
        raise ScenarioStopped("tool", f"{fault.value} on {on}: {error}") from error


def _outbound(lane: Lane, on: Way) -> Association:
    if on.name.sender is not Side.P_CSCF:
        raise InputError(str(on), "", "the network does not send on it", "name DL1 or DL2")
    return on.association(lane.sets)
