"""The reference UE and challenges that are not what they should be: the test is the network."""

from __future__ import annotations

import pytest

from imsreg.aka.sqn import SLOTS, join
from imsreg.registration.ue_policy import UePhase
from imsreg.sip.headers.authorization import Authorization
from imsreg.sip.headers.cseq import CSeq
from imsreg.sip.headers.security import SecurityClient

AES = "ipsec-3gpp; alg=hmac-sha-1-96; ealg=aes-cbc; spi-c=300; spi-s=301; port-c=5002; port-s=5003"


def credentials(request):
    return request.get(Authorization)


def test_two_unsound_challenges_are_reported_and_a_sound_one_answered(air):
    request = air.register()
    first = request
    for _ in range(2):
        air.challenge(request, mac_wrong=True)
        request = air.take("REGISTER")
        assert credentials(request).response == ""
        assert credentials(request).auts is None
    air.challenge(request)
    answer = air.take("REGISTER")
    assert len(credentials(answer).response) == 32
    assert answer.value("Call-ID") == first.value("Call-ID")
    assert answer.get(CSeq).number == first.get(CSeq).number + 3


def test_the_third_unsound_challenge_in_a_row_is_the_end(air):
    request = air.register()
    for _ in range(2):
        air.challenge(request, mac_wrong=True)
        request = air.take("REGISTER")
    air.challenge(request, mac_wrong=True)
    assert air.ue.phase is UePhase.FAILED
    air.advance(86_400)
    assert air.quiet()


def test_a_sequence_number_out_of_range_is_reported_and_the_next_challenge_answered(air):
    air.registered()
    air.centre.sqn = join(0, 0)
    air.ue.register(air.now)
    air.challenge(air.take("REGISTER"))
    report = air.take("REGISTER")
    assert len(credentials(report).auts) == 20
    air.centre.sqn = join(SLOTS, 0)
    air.challenge(report)
    answer = air.take("REGISTER")
    assert credentials(answer).auts is None
    air.accept(answer)
    assert air.ue.phase is UePhase.REGISTERED


@pytest.mark.parametrize(
    "value",
    [
        'Digest realm="r", nonce="{nonce}", algorithm=MD5',
        'Digest realm="r", nonce="{nonce}"',
        'Digest realm="r", nonce="AAAA", algorithm=AKAv1-MD5',
        'Digest realm="r", nonce="{nonce}", algorithm=AKAv3-MD5',
        'Basic realm="r"',
        "Digest",
    ],
)
def test_what_is_no_challenge_for_it_is_not_answered(air, value):
    nonce = "qlWqVapVqlWqVapVqlWqVdVV1VXVVdVV1VXVVdVV1VU="
    air.answer(air.register(), 401, ("WWW-Authenticate", value.format(nonce=nonce)))
    assert air.quiet()
    assert air.ue.phase is UePhase.FAILED


def test_a_401_without_a_challenge_is_the_end(air):
    air.answer(air.register(), 401)
    assert air.ue.phase is UePhase.FAILED


def test_a_network_that_is_never_content_is_left(air):
    request = air.register()
    for _ in range(6):
        air.challenge(request)
        request = air.take("REGISTER")
    air.challenge(request)
    assert air.quiet()
    assert air.ue.phase is UePhase.FAILED


# The security agreement.


@pytest.fixture
def headers(new_air):
    return new_air(security="headers", reg_event=False)


def test_the_agreement_is_asked_for_mirrored_and_kept(headers):
    first = headers.register()
    assert first.option_tags("Require") == first.option_tags("Proxy-Require") == ("sec-agree",)
    assert first.field("Security-Verify") is None
    headers.challenge(first, ("Security-Server", f"tls;q=0.3, {AES};q=0.2"))
    answer = headers.take("REGISTER")
    assert answer.values("Security-Verify") == ("tls;q=0.3", f"{AES};q=0.2")
    assert answer.value("Security-Client") == first.value("Security-Client")
    headers.accept(answer, expires=1200)
    headers.advance(600.1)
    refresh = headers.take("REGISTER")
    assert refresh.values("Security-Verify") == ("tls;q=0.3", f"{AES};q=0.2")
    before, after = (r.get_all(SecurityClient)[0] for r in (answer, refresh))
    assert (before.spi_c, before.spi_s, before.port_c) != (after.spi_c, after.spi_s, after.port_c)
    assert before.port_s == after.port_s


@pytest.mark.parametrize(
    "fields",
    [
        (("Server", "none"),),
        (("Security-Server", "tls"),),
        (("Security-Server", AES.replace("hmac-sha-1-96", "hmac-unknown")),),
        (("Security-Server", AES.replace("; spi-s=301", "")),),
        (("Security-Server", AES.replace("ealg=aes-cbc", "ealg=des-ede3-cbc")),),
        (("Security-Server", ";;"),),
    ],
)
def test_without_a_usable_security_server_it_begins_again(headers, fields):
    first = headers.register()
    headers.challenge(first, *fields)
    again = headers.take("REGISTER")
    assert again.value("Call-ID") != first.value("Call-ID")
    assert credentials(again).nonce == ""
    assert again.field("Security-Verify") is None


def test_a_missing_ealg_means_null(headers):
    headers.challenge(headers.register(), ("Security-Server", AES.replace("; ealg=aes-cbc", "")))
    assert credentials(headers.take("REGISTER")).response


def test_it_does_not_begin_again_for_ever(headers):
    for _ in range(2):
        headers.challenge(headers.register() if headers.quiet() else headers.take("REGISTER"), ("Server", "none"))
    assert headers.quiet()
    headers.advance(29.9)
    assert headers.quiet()
    headers.advance(60)
    assert credentials(headers.take("REGISTER")).nonce == ""


def test_a_refused_agreement_begins_again(headers):
    first = headers.register()
    headers.challenge(first)
    headers.answer(headers.take("REGISTER"), 494, ("Security-Server", AES))
    again = headers.take("REGISTER")
    assert again.value("Call-ID") != first.value("Call-ID")
    assert again.field("Security-Verify") is None


def test_a_report_offers_a_new_security_client(headers):
    first = headers.register()
    headers.challenge(first, mac_wrong=True)
    report = headers.take("REGISTER")
    before, after = (r.get_all(SecurityClient)[0] for r in (first, report))
    assert (before.spi_c, before.spi_s, before.port_c) != (after.spi_c, after.spi_s, after.port_c)
    assert report.field("Security-Verify") is None
