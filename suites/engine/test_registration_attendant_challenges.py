"""A 401 of the attendant that a test has changed before it is sent: which set goes with it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from imsreg.secagree.negotiation import CURRENT_TRANSFORMS
from imsreg.secagree.phases import Phase

sys.path.insert(0, str(Path(__file__).parent))
from test_registration_attendant_ipsec import CORE, Net

UNKNOWN = 'Digest realm="x", nonce="Zm9yIG5vYm9keQ==", algorithm=AKAv9-MD5'


@pytest.mark.parametrize("anew", [False, True])
def test_the_answer_to_the_second_challenge_is_found(subscribers, new_ue, anew):
    net = Net(subscribers["sub01"])
    ue = new_ue(security="ipsec", p_cscf=CORE, offered=CURRENT_TRANSFORMS)
    first = ue.initial_register()
    request = net.arrive(first, ue.flow_for(first))
    draft = net.attendant.challenge(request)
    known, listed = draft.value("WWW-Authenticate"), draft.values("Security-Server")
    draft.set("WWW-Authenticate", UNKNOWN).add("WWW-Authenticate", known)
    if anew:
        draft.set("Security-Server", listed[-1])
    response = net.say(request, draft)
    (live,) = net.attendant.security.live
    assert live.phase is Phase.TEMPORARY
    assert live.sas.keys.transform == CURRENT_TRANSFORMS[-1 if anew else 0]
    assert net.ask(ue, ue.next_request(request, response, net.now))[1].status == 200
