"""Where a mutant of the reference UE can have its REGISTER and its responses go instead (TS 33.203 7.1, 7.4.1a)."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from imsreg.registration.ue_policy import UePhase
from imsreg.secagree.associations import Name
from imsreg.secagree.flows import flow_on
from imsreg.secagree.phases import Phase
from imsreg.sip.flow import Flow
from imsreg.sip.headers.name_addr import Contact
from imsreg.sip.headers.via import Via

sys.path.insert(0, str(Path(__file__).parent))
from test_registration_ue_agent_ipsec import P_CSCF, UE, Air, request

CLEAR = Flow("UDP", UE, P_CSCF)


@pytest.fixture
def new_air(subscribers):
    return lambda hooks: Air(subscribers["sub01"], hooks={"ue.register-on": hooks})


def test_a_register_that_goes_in_the_clear_has_the_headers_for_it(new_air):
    air = new_air(lambda live, *, first: None if live is not None and live.phase is not Phase.TEMPORARY else live)
    air.registered()
    refresh, flow = air.register()
    via = refresh.get(Via)
    assert flow == CLEAR
    assert (via.port, "rport" in via.params) == (UE.port, True)
    assert refresh.get(Contact).uri.port == UE.port
    air.accept((refresh, flow))
    assert air.ue.phase is UePhase.REGISTERED
    assert air.ue.seams.firings == 1


def test_the_first_register_of_an_exchange_is_told_from_the_others(new_air):
    firsts = []

    def watch(live, *, first):
        firsts.append((first, None if live is None else live.phase))
        return live

    air = new_air(watch)
    air.registered()
    air.p_cscf = air.p_cscf.renewed(air.random)
    air.challenge(air.register(), mac_wrong=True)
    air.challenge(air.take("REGISTER"))
    air.accept(air.take("REGISTER"))
    assert firsts == [
        (True, None),
        (False, Phase.TEMPORARY),
        (True, Phase.ESTABLISHED),
        (False, Phase.ESTABLISHED),
        (False, Phase.TEMPORARY),
    ]
    assert air.ue.seams.firings == 0


@pytest.mark.parametrize("where", ["the clear", "UL2"])
def test_a_response_can_go_elsewhere(subscribers, where):
    def astray(flow, *, sas, clear):
        return clear if where == "the clear" else flow_on(sas.named(Name.UL2), flow.transport)

    air = Air(subscribers["sub01"], hooks={"ue.reply-flow": astray})
    air.registered()
    (sas,) = air.sets
    air.send(request("OPTIONS", 1, Max_Forwards="70"), air.on(sas, Name.DL2))
    response, flow = air.take()
    assert response.status == 200
    assert flow == (CLEAR if where == "the clear" else flow_on(sas.named(Name.UL2), "UDP"))
