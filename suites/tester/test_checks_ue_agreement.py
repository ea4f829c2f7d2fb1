"""The security agreement in the requests of a UE, in the header fields alone."""

from __future__ import annotations

import pytest
from forged import BOB, CLIENT, NEW_CLIENT, SERVER, Forged, credentials, vector

from imsreg.verdict.outcome import Breach, Held, Moot, Outcome, Unmet

AV = vector()
TLS = "tls;q=0.9"


@pytest.mark.parametrize(
    ("row", "headers", "expected"),
    [
        ("24.229-5.1.1.2.2-04", {}, Held),
        ("24.229-5.1.1.2.2-04", {"Security_Client": f"tls, {CLIENT.upper()}"}, Held),
        ("24.229-5.1.1.2.2-04", {"Security_Client": "tls"}, Breach),
        ("24.229-5.1.1.2.2-04", {"Security_Client": None}, Breach),
        ("24.229-5.1.1.2.2-04", {"Security_Client": ";alg=x"}, Breach),
        ("33.203-H-04", {}, Held),
        ("33.203-H-04", {"Security_Client": f"tls, {CLIENT}"}, Held),
        ("33.203-H-04", {"Security_Client": CLIENT.replace("spi-s=2002; ", "")}, Breach),
        ("33.203-H-04", {"Security_Client": CLIENT.replace("alg=hmac-sha-1-96; ", "", 1)}, Breach),
        ("33.203-H-04", {"Security_Client": CLIENT.replace("7001", "70001")}, Breach),
        ("33.203-H-04", {"Security_Client": None}, Unmet),
        ("rfc3329-2.3.1-03", {}, Held),
        ("rfc3329-2.3.1-03", {"Require": "path, Sec-Agree"}, Held),
        ("rfc3329-2.3.1-03", {"Require": None}, Breach),
        ("rfc3329-2.3.1-03", {"Proxy_Require": None}, Breach),
        ("rfc3329-2.3.1-03", {"Security_Client": None}, Unmet),
        ("rfc3329-2.3.1-04", {}, Held),
        ("rfc3329-2.3.1-04", {"Security_Client": f"{CLIENT}; q=0.5"}, Breach),
        ("rfc3329-2.3.1-04", {"Security_Client": None}, Unmet),
        ("rfc3329-2.3.2-02", {}, Held),
        ("rfc3329-2.3.2-02", {"Supported": "path"}, Breach),
        ("rfc3329-2.3.2-02", {"Security_Client": None}, Unmet),
        ("34.229-1-A.1.1-01", {}, Held),
        ("34.229-1-A.1.1-01", {"Security_Verify": SERVER}, Breach),
    ],
)
def test_an_initial_register(row: str, headers: dict[str, str | None], expected: type[Outcome]) -> None:
    assert Forged(security="headers").sends(**headers).kinds(row) == {expected}


def test_sip_digest_has_no_agreement() -> None:
    assert Forged(security="headers", subscriber=BOB).sends().kinds("24.229-5.1.1.2.2-04") == {Moot}


CLIENT_AGAIN, MIRROR = "24.229-5.1.1.5.1-07", "24.229-5.1.1.5.1-08"


@pytest.mark.parametrize(
    ("headers", "client", "mirror"),
    [
        ({}, Held, Held),
        ({"Security_Verify": SERVER.replace("; ", ";")}, Held, Held),
        ({"Security_Verify": SERVER.replace("q=0.5; ", "")}, Held, Breach),
        ({"Security_Verify": SERVER.replace("6002", "6003")}, Held, Breach),
        ({"Security_Verify": f"{SERVER}, {TLS}"}, Held, Breach),
        ({"Security_Verify": None}, Held, Breach),
        ({"Security_Client": NEW_CLIENT}, Breach, Held),
        ({"Security_Client": None}, Breach, Held),
    ],
)
def test_the_answer(headers: dict[str, str | None], client: type[Outcome], mirror: type[Outcome]) -> None:
    talk = Forged(security="headers").sends().challenged(AV).sends(Authorization=credentials(AV), **headers)
    assert talk.kinds(CLIENT_AGAIN) == {client}
    assert talk.kinds(MIRROR) == {mirror}


@pytest.mark.parametrize(
    ("verify", "expected"), [(f"{TLS}, {SERVER}", Held), (f"{SERVER}, {TLS}", Breach), (SERVER, Breach)]
)
def test_the_mirror_of_several_entries(verify: str, expected: type[Outcome]) -> None:
    talk = Forged(security="headers").sends()
    talk.challenged(AV)
    other = Forged(security="headers").sends()
    other.gets(401, *_lines(talk), f"Security-Server: {TLS}, {SERVER}")
    assert other.sends(Authorization=credentials(AV), Security_Verify=verify).kinds(MIRROR) == {expected}


def _lines(talk: Forged) -> tuple[str, ...]:
    """The challenge of the last response."""
    message = talk.transcript.entries[-1].message
    assert message is not None
    return (f"WWW-Authenticate: {message.value('WWW-Authenticate')}",)


RENEWED, REPEATED = "24.229-5.1.1.4.2-02", "24.229-5.1.1.4.2-03"


@pytest.mark.parametrize(
    ("headers", "renewed", "repeated"),
    [
        ({"Security_Client": NEW_CLIENT}, Held, Held),
        ({}, Breach, Held),
        ({"Security_Client": NEW_CLIENT.replace("3002", "2001")}, Breach, Held),
        ({"Security_Client": NEW_CLIENT.replace("7002", "7999")}, Breach, Held),
        ({"Security_Client": None}, Breach, Held),
        ({"Security_Client": NEW_CLIENT, "Security_Verify": None}, Held, Breach),
        ({"Security_Client": NEW_CLIENT, "Security_Verify": SERVER.replace("0.5", "0.6")}, Held, Breach),
    ],
)
def test_the_refresh(headers: dict[str, str | None], renewed: type[Outcome], repeated: type[Outcome]) -> None:
    talk = Forged(security="headers").registered(AV).passes(30).sends(Authorization=credentials(AV), **headers)
    assert talk.kinds(RENEWED) == {renewed}
    assert talk.kinds(REPEATED) == {repeated}


def test_the_list_of_the_last_authentication_counts() -> None:
    talk = Forged(security="headers").registered(AV).passes(30)
    talk.sends(Authorization=credentials(AV), Security_Client=NEW_CLIENT).ok().passes(30)
    assert talk.sends(Authorization=credentials(AV)).kinds(REPEATED) == {Held}


@pytest.mark.parametrize("row", [CLIENT_AGAIN, MIRROR, RENEWED, REPEATED, "24.229-5.1.1.5.3-03"])
def test_without_an_agreement_there_is_no_occasion(row: str) -> None:
    talk = Forged().registered(AV).passes(30).sends(Authorization=credentials(AV))
    assert talk.kinds(row) == {Unmet}
