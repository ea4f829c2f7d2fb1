"""A 504 by which the network asks a UE for another registration (TS 24.229 5.1.2A.1.6)."""

from __future__ import annotations

import pytest
from forged import Forged, credentials, empty, vector

from imsreg.verdict.outcome import Breach, Held, Unmet

AV = vector()
ROW = "24.229-5.1.2A.1.6-01"
S_CSCF, P_CSCF = "<sip:orig@scscf.example;lr>", "<sip:term@pcscf.example;lr>"
KIND = "Content-Type: application/3gpp-ims+xml"
BODY = (
    b'<ims-3gpp version="1"><alternative-service><type>restoration</type><reason/>'
    b"<action> initial-registration </action></alternative-service></ims-3gpp>"
)


def lost(sender: str = S_CSCF, *lines: str, status: int = 504, body: bytes = BODY) -> Forged:
    """A registration, and a SUBSCRIBE that gets such a response."""
    talk = Forged().registered(AV, 600000, f"Service-Route: {S_CSCF}", f"Path: {P_CSCF}").subscribes(0)
    return talk.gets(status, f"P-Asserted-Identity: {sender}", *(lines or (KIND,)), body=body)


def anew(talk: Forged) -> Forged:
    """An initial registration."""
    talk.call_id = "two"
    return talk.sends(Authorization=empty())


@pytest.mark.parametrize("sender", [S_CSCF, P_CSCF, "<sip:orig@SCSCF.example;lr>"])
def test_the_next_register_begins_anew(sender: str) -> None:
    assert anew(lost(sender).passes(1)).kinds(ROW) == {Held}
    assert lost(sender).passes(1).sends(Authorization=credentials(AV)).kinds(ROW) == {Breach}
    assert lost(sender).passes(31).kinds(ROW) == {Breach}
    assert lost(sender).passes(29).kinds(ROW) == {Unmet}


@pytest.mark.parametrize(
    "talk",
    [
        lost("<sip:somebody@example>"),
        lost("<"),
        lost(S_CSCF, "Content-Type: application/xml"),
        lost(S_CSCF, "Content-Type: <"),
        lost(status=503),
        lost(body=BODY.replace(b"initial-", b"emergency-")),
        lost(body=b"<ims-3gpp"),
        lost(body=b""),
    ],
    ids=range(8),
)
def test_another_response_asks_for_nothing(talk: Forged) -> None:
    assert talk.passes(40).kinds(ROW) == {Unmet}


@pytest.mark.parametrize("action", ["register", "deregister", "reset"])
def test_a_command_takes_the_occasion_away(action: str) -> None:
    assert lost().passes(1).told(action).sends(Authorization=credentials(AV)).kinds(ROW) == {Unmet}


def test_so_does_a_register_that_is_under_way() -> None:
    talk = Forged().registered(AV, 600000, f"Service-Route: {S_CSCF}").sends(Authorization=credentials(AV))
    talk.subscribes(0).gets(504, f"P-Asserted-Identity: {S_CSCF}", KIND, body=BODY)
    assert talk.passes(40).kinds(ROW) == {Unmet}
