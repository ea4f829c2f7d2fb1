"""The UE's side of a registration, against a network that the test plays."""

from __future__ import annotations

import contextlib
import itertools
from random import Random

import pytest

from imsreg.aka.auc import AuthenticationCentre
from imsreg.aka.nonce import encode
from imsreg.aka.sqn import SLOTS, SqnArray, join, split
from imsreg.registration.credentials import CannotAnswer, ResChoice
from imsreg.registration.ue import MAX_FOLLOW_UPS, UNSTATED_EXPIRY, UeState
from imsreg.registration.ue_request import EXPIRY
from imsreg.sip.draft import Draft
from imsreg.sip.flow import Address
from imsreg.sip.headers.authorization import Authorization
from imsreg.sip.headers.cseq import CSeq
from imsreg.sip.headers.name_addr import From, To
from imsreg.sip.headers.security import SecurityClient
from imsreg.sip.message import parse

OWN = "<sip:001010000000001@127.0.3.1:5060>"
SERVER = (
    "ipsec-3gpp; q=0.2; alg=hmac-sha-1-96; ealg=aes-cbc; spi-c=0000000300; spi-s=0000000301; port-c=5002; port-s=5003",
    "ipsec-3gpp; q=0.1; alg=hmac-sha-1-96; ealg=null; spi-c=0000000300; spi-s=0000000301; port-c=5002; port-s=5003",
)


def sent(draft):
    return parse(draft.to_bytes())


def response(request, status, *fields):
    draft = Draft.response(status)
    for name in ("Via", "From", "To", "Call-ID", "CSeq"):
        draft.add(name, request.value(name))
    for name, value in fields:
        draft.add(name, value)
    return draft.to_message()


class Network:
    """Makes the challenges of sub01."""

    def __init__(self, subscriber):
        self.centre = AuthenticationCentre(
            subscriber.algorithm, sqn=subscriber.sqn, amf=subscriber.amf, res_length=subscriber.res_length
        )
        self._numbers = itertools.count()

    def challenge(self, request, *fields, mac_wrong=False):
        vector = self.centre.vector(next(self._numbers).to_bytes(16))
        autn = bytes((*vector.autn[:15], vector.autn[15] ^ mac_wrong))
        value = f'Digest realm="r", nonce="{encode(vector.rand, autn)}", algorithm=AKAv1-MD5, qop="auth"'
        return response(request, 401, ("WWW-Authenticate", value), *fields)


@pytest.fixture
def network(subscribers):
    return Network(subscribers["sub01"])


@pytest.fixture
def ue(new_ue):
    return new_ue()


def ok(request, *fields):
    return response(request, 200, *fields)


def registered(ue, network, now=0.0, *fields):
    """The UE after a whole registration; the request that was answered 200."""
    first = sent(ue.initial_register())
    answer = sent(ue.next_request(first, network.challenge(first), now))
    granted = ok(answer, ("Contact", f"{OWN};expires=600000"), *fields)
    assert ue.next_request(answer, granted, now) is None
    assert ue.state is UeState.REGISTERED
    return answer


def credentials(request):
    return request.get(Authorization)


# The requests.


def test_the_first_register_is_what_ts_24_229_wants(ue, subscribers):
    sub = subscribers["sub01"]
    request = sent(ue.initial_register())
    assert request.start_line == f"REGISTER sip:{sub.home_domain} SIP/2.0"
    assert request.get(From).uri.text == request.get(To).uri.text == sub.registration_impu
    assert request.get(From).tag
    assert request.get(To).tag is None
    assert request.value("Via").startswith("SIP/2.0/UDP 127.0.3.1:5060;branch=z9hG4bK")
    assert request.value("Via").endswith(";rport")
    assert request.value("Max-Forwards") == "70"
    assert (request.value("Contact"), request.value("Expires")) == (OWN, str(EXPIRY))
    assert request.option_tags("Supported") == ("path",)
    assert credentials(request).nonce == credentials(request).response == ""
    assert not request.defects
    for absent in ("Route", "P-Access-Network-Info", "Require", "Security-Client", "Security-Verify"):
        assert request.field(absent) is None


def test_over_tcp_via_and_contact_say_so_and_rport_is_not_asked_for(new_ue):
    request = sent(new_ue(transport="TCP", address=Address.of("2001:db8::1", 5060)).initial_register())
    assert request.value("Via").startswith("SIP/2.0/TCP [2001:db8::1]:5060;branch=")
    assert "rport" not in request.value("Via")
    assert request.value("Contact") == "<sip:001010000000001@[2001:db8::1]:5060;transport=tcp>"


def test_in_mode_headers_the_agreement_is_asked_for(new_ue):
    request = sent(new_ue(security="headers").initial_register())
    assert request.option_tags("Require") == request.option_tags("Proxy-Require") == ("sec-agree",)
    assert request.option_tags("Supported") == ("path", "sec-agree")
    assert len(request.get_all(SecurityClient)) == 6
    assert request.field("Security-Verify") is None


def test_each_registration_has_its_own_call_id_and_each_request_its_own_branch_and_cseq(ue, network):
    first = sent(ue.initial_register())
    answer = sent(ue.answer(network.challenge(first)))
    again = sent(ue.initial_register())
    assert first.value("Call-ID") == answer.value("Call-ID") != again.value("Call-ID")
    assert first.value("From") == answer.value("From") != again.value("From")
    assert answer.get(CSeq).number == first.get(CSeq).number + 1
    assert len({r.value("Via") for r in (first, answer, again)}) == 3


def test_later_requests_repeat_the_accepted_answer_and_count_cseq(ue, network):
    answer = registered(ue, network)
    later = [sent(build()) for build in (ue.refresh, ue.fetch, ue.deregister, ue.remove_all)]
    assert [(r.value("Contact"), r.value("Expires")) for r in later] == [
        (OWN, str(EXPIRY)),
        (None, None),
        (OWN, "0"),
        ("*", "0"),
    ]
    assert {r.value("Authorization") for r in later} == {answer.value("Authorization")}
    assert {r.value("Call-ID") for r in later} == {answer.value("Call-ID")}
    start = answer.get(CSeq).number
    assert [r.get(CSeq).number for r in later] == [start + 1, start + 2, start + 3, start + 4]


@pytest.mark.parametrize(
    ("build", "contact", "expires"),
    [("refresh", OWN, str(EXPIRY)), ("fetch", None, None), ("deregister", OWN, "0"), ("remove_all", "*", "0")],
)
def test_an_answer_asks_for_what_the_challenged_request_asked_for(ue, network, build, contact, expires):
    registered(ue, network)
    request = sent(getattr(ue, build)())
    answer = sent(ue.next_request(request, network.challenge(request), 0.0))
    assert (answer.value("Contact"), answer.value("Expires")) == (contact, expires)
    assert credentials(answer).response != credentials(request).response


def test_the_same_seed_makes_the_same_requests(new_ue):
    first, second = (new_ue(security="headers", seed=9).initial_register().to_bytes() for _ in range(2))
    assert first == second != new_ue(security="headers", seed=8).initial_register().to_bytes()


# Challenges.


def test_an_unsound_mac_is_answered_twice_and_a_sound_challenge_after_that(ue, network):
    request = sent(ue.initial_register())
    for _ in range(2):
        request = sent(ue.next_request(request, network.challenge(request, mac_wrong=True), 0.0))
        assert credentials(request).response == ""
        assert credentials(request).auts is None
    request = sent(ue.next_request(request, network.challenge(request), 0.0))
    assert len(credentials(request).response) == 32
    assert ue.invalid_challenges == 0


def test_a_third_unsound_challenge_in_a_row_gets_no_answer(ue, network):
    request = sent(ue.initial_register())
    for _ in range(2):
        request = sent(ue.next_request(request, network.challenge(request, mac_wrong=True), 0.0))
    assert ue.next_request(request, network.challenge(request, mac_wrong=True), 0.0) is None
    assert ue.state is UeState.FAILED
    request = sent(ue.initial_register())
    assert ue.next_request(request, network.challenge(request, mac_wrong=True), 0.0) is not None


def test_a_sound_challenge_between_unsound_ones_starts_the_count_again(ue, network):
    request = sent(ue.initial_register())
    for wrong in (True, True, False, True, True):
        request = sent(ue.next_request(request, network.challenge(request, mac_wrong=wrong), 0.0))
    assert ue.next_request(request, network.challenge(request, mac_wrong=True), 0.0) is None


def test_a_refresh_counts_its_own_challenges(ue, network):
    registered(ue, network)
    for _ in range(2):
        request = sent(ue.refresh())
        for _ in range(2):
            request = sent(ue.next_request(request, network.challenge(request, mac_wrong=True), 0.0))
        assert ue.next_request(request, network.challenge(request, mac_wrong=True), 0.0) is None
        assert ue.state is UeState.REGISTERED


def test_a_sequence_number_out_of_range_is_reported_and_the_next_challenge_answered(new_ue, network, subscribers):
    ue = new_ue(sqn=SqnArray([split(join(900, i))[0] for i in range(SLOTS)]))
    request = sent(ue.initial_register())
    challenge = network.challenge(request)
    report = sent(ue.next_request(request, challenge, 0.0))
    assert credentials(report).auts
    assert report.value("Call-ID") == request.value("Call-ID")
    assert report.get(CSeq).number == request.get(CSeq).number + 1
    network.centre.sqn = join(1000, 0)
    answer = sent(ue.next_request(report, network.challenge(report), 0.0))
    assert credentials(answer).auts is None


def test_a_network_that_challenges_for_ever_is_left(ue, network):
    request = sent(ue.initial_register())
    for _ in range(MAX_FOLLOW_UPS):
        request = sent(ue.next_request(request, network.challenge(request), 0.0))
    assert ue.next_request(request, network.challenge(request), 0.0) is None
    assert ue.state is UeState.FAILED


@pytest.mark.parametrize(
    "fields",
    [
        (),
        (("WWW-Authenticate", 'Digest realm="r", nonce="AAAA", algorithm=MD5'),),
        (("WWW-Authenticate", 'Basic realm="r"'),),
        (("WWW-Authenticate", 'Digest realm="r", nonce="AAAA", algorithm=AKAv1-MD5'),),
        (("WWW-Authenticate", "Digest ,,= x"),),
    ],
)
def test_a_401_without_a_challenge_for_this_ue_is_no_challenge(ue, fields):
    request = sent(ue.initial_register())
    with pytest.raises(CannotAnswer):
        ue.next_request(request, response(request, 401, *fields), 0.0)


def test_of_several_challenges_the_topmost_for_aka_is_answered(ue, network):
    request = sent(ue.initial_register())
    sound = network.challenge(request).value("WWW-Authenticate")
    fields = [("WWW-Authenticate", v) for v in ("Basic x", 'Digest realm="m", nonce="n"', sound, sound + ', x="2"')]
    answer = sent(ue.next_request(request, response(request, 401, *fields), 0.0))
    assert f'nonce="{credentials(answer).nonce}"' in sound
    assert len(credentials(answer).response) == 32


def test_a_wrong_res_can_be_asked_for(ue, network):
    request = sent(ue.initial_register())
    challenge = network.challenge(request)
    draft = ue.answer(challenge, expires=60, res=ResChoice.EMPTY)
    assert sent(draft).value("Expires") == "60"
    assert sent(draft).value("Authorization") != request.value("Authorization")


# The security agreement.


def test_the_answer_mirrors_security_server_and_repeats_security_client(new_ue, network):
    ue = new_ue(security="headers")
    request = sent(ue.initial_register())
    fields = [("Security-Server", value) for value in SERVER]
    answer = sent(ue.next_request(request, network.challenge(request, *fields), 0.0))
    assert answer.values("Security-Verify") == SERVER
    assert answer.value("Security-Client") == request.value("Security-Client")


def test_later_requests_offer_anew_and_verify_the_agreement_that_holds(new_ue, network):
    ue = new_ue(security="headers")
    request = sent(ue.initial_register())
    answer = sent(ue.next_request(request, network.challenge(request, ("Security-Server", ", ".join(SERVER))), 0.0))
    assert ue.next_request(answer, ok(answer, ("Contact", f"{OWN};expires=60")), 0.0) is None
    refresh = sent(ue.refresh())
    assert refresh.values("Security-Verify") == SERVER
    before, after = (r.get_all(SecurityClient)[0] for r in (answer, refresh))
    assert (before.spi_c, before.spi_s, before.port_c) != (after.spi_c, after.spi_s, after.port_c)
    assert before.port_s == after.port_s


def test_a_failed_authentication_leaves_what_was_agreed(new_ue, network):
    """What an unsound challenge announced is gone; answer and agreement of the registration stay."""
    ue = new_ue(security="headers")
    request = sent(ue.initial_register())
    answer = sent(ue.next_request(request, network.challenge(request, ("Security-Server", SERVER[0])), 0.0))
    ue.next_request(answer, ok(answer, ("Contact", f"{OWN};expires=60")), 0.0)
    refresh = sent(ue.refresh())
    unsound = network.challenge(refresh, ("Security-Server", SERVER[1]), mac_wrong=True)
    report = sent(ue.next_request(refresh, unsound, 0.0))
    assert report.values("Security-Verify") == (SERVER[0],)
    assert report.value("Security-Client") != refresh.value("Security-Client")
    ue.next_request(report, response(report, 403), 0.0)
    assert sent(ue.refresh()).value("Authorization") == answer.value("Authorization")
    assert sent(ue.refresh()).values("Security-Verify") == (SERVER[0],)


# Responses.


def test_423_is_repeated_with_the_shortest_expiry_that_is_accepted(ue):
    request = sent(ue.initial_register(expires=60))
    again = sent(ue.next_request(request, response(request, 423, ("Min-Expires", "1800")), 0.0))
    assert again.value("Expires") == "1800"
    assert again.value("Call-ID") == request.value("Call-ID")
    assert again.get(CSeq).number == request.get(CSeq).number + 1


@pytest.mark.parametrize("fields", [(), (("Min-Expires", "60"),), (("Min-Expires", "soon"),)])
def test_a_423_that_says_nothing_new_ends_the_exchange(ue, fields):
    request = sent(ue.initial_register(expires=60))
    assert ue.next_request(request, response(request, 423, *fields), 0.0) is None
    assert ue.state is UeState.FAILED


@pytest.mark.parametrize("build", ["deregister", "fetch", "remove_all"])
def test_a_423_never_makes_a_registration_of_something_else(ue, network, build):
    registered(ue, network)
    request = sent(getattr(ue, build)())
    assert ue.next_request(request, response(request, 423, ("Min-Expires", "1800")), 0.0) is None


def test_a_registrar_that_always_wants_longer_is_left(ue):
    request, rounds = sent(ue.initial_register(expires=1)), 0
    while (
        draft := ue.next_request(request, response(request, 423, ("Min-Expires", str(2 + rounds))), 0.0)
    ) is not None:
        request, rounds = sent(draft), rounds + 1
    assert rounds == MAX_FOLLOW_UPS


@pytest.mark.parametrize("status", [403, 404, 408, 420, 480, 500, 503, 504, 600, 305])
def test_another_failure_ends_the_exchange_and_leaves_a_registration_alone(ue, network, status):
    request = sent(ue.initial_register())
    assert ue.next_request(request, response(request, status), 0.0) is None
    assert ue.state is UeState.FAILED
    registered(ue, network)
    refresh = sent(ue.refresh())
    assert ue.next_request(refresh, response(refresh, status), 0.0) is None
    assert ue.state is UeState.REGISTERED


def test_a_200_is_kept_in_its_order_over_lines_and_lists(ue, network):
    fields = (
        ("P-Associated-Uri", "<sip:a@h>, <tel:+1>"),
        ("Service-Route", "<sip:one;lr>"),
        ("P-Associated-URI", '"x, y" <sip:b@h>;p="1,2"'),
        ("Service-Route", "<sip:two;lr>,<sip:three;lr;x=1,2>"),
    )
    registered(ue, network, 100.0, *fields)
    assert ue.current.associated == ("<sip:a@h>", "<tel:+1>", '"x, y" <sip:b@h>;p="1,2"')
    assert ue.current.service_route == ("<sip:one;lr>", "<sip:two;lr>", "<sip:three;lr;x=1,2>")
    assert ue.current.expires_at == 600_100.0


def test_a_later_200_replaces_all_of_it(ue, network):
    registered(ue, network, 0.0, ("Service-Route", "<sip:one;lr>"), ("P-Associated-URI", "<sip:a@h>"))
    refresh = sent(ue.refresh())
    ue.settle(refresh, ok(refresh, ("Contact", f"{OWN};expires=60")), 50.0)
    assert ue.current.service_route == ue.current.associated == ()
    assert ue.current.expires_at == 110.0


def test_a_fetch_changes_nothing_and_de_registration_forgets_everything(ue, network):
    registered(ue, network, 0.0, ("Service-Route", "<sip:one;lr>"))
    fetch = sent(ue.fetch())
    ue.settle(fetch, ok(fetch), 1.0)
    assert ue.state is UeState.REGISTERED
    assert ue.current.service_route
    gone = sent(ue.deregister())
    ue.settle(gone, ok(gone, ("Service-Route", "<sip:one;lr>")), 2.0)
    assert ue.state is UeState.UNREGISTERED
    assert ue.current.service_route == ()


@pytest.mark.parametrize(
    ("fields", "seconds"),
    [
        ([("Contact", f"{OWN};expires=60")], 60),
        ([("m", "<sip:x@h>;expires=9, <sip:001010000000001@127.0.3.1:5060;x=1>;q=0.5;expires = 7200")], 7200),
        ([("Contact", OWN), ("Expires", "300")], 300),
        ([("Contact", f"{OWN};expires=60"), ("Expires", "300")], 60),
        ([("Contact", OWN)], UNSTATED_EXPIRY),
        ([("Contact", OWN), ("Expires", "soon")], UNSTATED_EXPIRY),
        ([("Contact", f"{OWN};expires=soon")], UNSTATED_EXPIRY),
        ([("Contact", f"{OWN};expires=0"), ("Contact", f"{OWN};expires=60")], 60),
        ([("Contact", "<<>,"), ("Contact", f"{OWN};expires=60")], 60),
        ([("Contact", f"{OWN};expires=0")], 0),
        ([("Contact", "<sip:001010000000001@127.0.3.1:5061>;expires=60")], 0),
        ([("Contact", "<sip:001010000000002@127.0.3.1:5060>;expires=60")], 0),
        ([], 0),
    ],
)
def test_the_granted_time_is_that_of_the_own_contact(ue, fields, seconds):
    request = sent(ue.initial_register())
    assert ue.granted(ok(request, *fields)) == seconds
    ue.settle(request, ok(request, *fields), 0.0)
    assert ue.state is (UeState.REGISTERED if seconds else UeState.UNREGISTERED)


def test_the_own_contact_is_found_in_another_form_of_its_ipv6_address(new_ue):
    ue = new_ue(address=Address.of("2001:db8::1", 5060))
    request = sent(ue.initial_register())
    contact = "<sip:001010000000001@[2001:0DB8:0:0:0:0:0:1]:5060>;expires=60"
    assert ue.granted(ok(request, ("Contact", contact))) == 60


def test_no_response_makes_it_fail_in_another_way(ue, network):
    """Random octets in 200 and 401: an answer, nothing, or CannotAnswer."""
    random, settled = Random(17), 0
    for _ in range(300):
        request = sent(ue.initial_register())
        good = random.choice(
            (network.challenge(request), ok(request, ("Contact", f"{OWN};expires=60"), ("Expires", "5")))
        )
        octets = bytearray(good.raw)
        for _ in range(random.randint(1, 4)):
            octets[random.randrange(12, len(octets))] = random.randrange(256)
        with contextlib.suppress(CannotAnswer):
            settled += ue.next_request(request, parse(bytes(octets)), 0.0) is None
    assert 50 < settled < 250
