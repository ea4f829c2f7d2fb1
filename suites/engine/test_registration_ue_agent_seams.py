"""Every seam of the reference UE changes what leaves, or what is made of what arrives."""

from __future__ import annotations

import pytest

from imsreg.aka.usim import SyncFailure
from imsreg.registration.seams import SEAMS
from imsreg.registration.ue_policy import Course, Kind, UePhase
from imsreg.sip.headers.authorization import Authorization
from imsreg.sip.message import Request

GRANTS = (("P-Associated-URI", "<sip:a@x>, <sip:b@x>"), ("Service-Route", "<sip:o@x;lr>"), ("Path", "<sip:p@x>"))


def gone(value, **context):
    return None


def test_a_packet_may_be_lost_on_either_side(new_air):
    air = new_air(hooks={"ue.packet": gone}, reg_event=False)
    air.accept(air.register())
    assert air.ue.phase is UePhase.REGISTERING
    air = new_air(hooks={"ue.sent": lambda packets: []}, reg_event=False)
    air.ue.register(0.0)
    assert air.quiet()
    assert air.ue.moved == (0, 0)


def test_every_kind_of_request_passes_the_seam(new_air):
    kinds = []
    air = new_air(hooks={"ue.request": lambda draft, *, kind, challenge: kinds.append(kind) or draft}, expires=60)
    first = air.register()
    air.answer(first, 423, ("Min-Expires", "1200"))
    longer = air.take("REGISTER")
    air.challenge(longer, mac_wrong=True)
    air.challenge(air.take("REGISTER"))
    air.accept(air.take("REGISTER"), expires=1200)
    subscribe = air.take("SUBSCRIBE")
    air.answer(subscribe, 200, ("Contact", "<sip:s@x>"), ("Expires", "100"))
    air.advance(50.1)
    air.answer(air.take("SUBSCRIBE"), 200, ("Expires", "600000"))
    air.ue.register(air.now)
    air.accept(air.take("REGISTER"))
    air.ue.deregister(air.now)
    assert kinds == [
        Kind.INITIAL,
        Kind.LONGER,
        Kind.REPORT,
        Kind.ANSWER,
        Kind.SUBSCRIBE,
        Kind.RESUBSCRIBE,
        Kind.REFRESH,
        Kind.DEREGISTER,
    ]


def test_a_request_may_be_changed_or_kept_back(new_air):
    air = new_air(hooks={"ue.request": lambda draft, **context: draft.clone().set("Max-Forwards", 1)})
    assert air.register().value("Max-Forwards") == "1"
    assert air.ue.seams.firings == 1
    air = new_air(hooks={"ue.request": lambda draft, *, kind, **context: None if kind is Kind.SUBSCRIBE else draft})
    air.registered()
    assert air.quiet()
    assert air.ue.phase is UePhase.REGISTERED


def test_a_challenge_may_be_taken_for_another(new_air):
    air = new_air(hooks={"ue.challenge": lambda challenge, *, response: challenge.with_param("realm", "mine")})
    air.challenge(air.register())
    assert air.take("REGISTER").get(Authorization).realm == "mine"


def test_the_usim_may_say_something_else(new_air):
    air = new_air(hooks={"ue.autn": lambda outcome, *, usim, rand: usim.out_of_step(rand)})
    air.challenge(air.register())
    assert air.take("REGISTER").get(Authorization).auts

    def careless(outcome, *, usim, rand):
        return usim.accepted(rand) if isinstance(outcome, SyncFailure) else outcome

    air = new_air(hooks={"ue.autn": careless}, reg_event=False)
    air.registered()
    air.centre.sqn = 0
    air.ue.register(air.now)
    air.challenge(air.take("REGISTER"))
    assert air.take("REGISTER").get(Authorization).auts is None
    assert air.ue.seams.firings == 1


def test_credentials_may_be_written_differently(new_air):
    def quoted(value, *, challenge, identity, outcome):
        return value.replace("qop=auth", 'qop="auth"')

    air = new_air(hooks={"ue.credentials": quoted})
    air.challenge(air.register())
    assert 'qop="auth"' in air.take("REGISTER").value("Authorization")


def test_the_agreement_may_be_judged_and_mirrored_differently(new_air):
    air = new_air(hooks={"ue.agreement": gone}, security="headers", reg_event=False)
    air.challenge(air.register())
    assert air.take("REGISTER").get(Authorization).nonce == ""
    hooks = {"ue.security-verify": lambda values, *, response: values[1:]}
    air = new_air(hooks=hooks, security="headers", reg_event=False)
    air.challenge(air.register())
    assert air.take("REGISTER").field("Security-Verify") is None


def test_what_is_granted_and_when_it_is_refreshed_may_differ(new_air):
    air = new_air(hooks={"ue.granted": lambda seconds, *, response: 100}, reg_event=False)
    air.registered()
    air.advance(50.1)
    air.take("REGISTER")
    air = new_air(hooks={"ue.refresh": gone}, reg_event=False)
    air.registered(expires=1200)
    air.advance(1300)
    assert air.quiet()


def test_identity_and_route_may_differ(new_air):
    air = new_air(hooks={"ue.identity": lambda uri, *, associated: associated[-1].strip("<>")})
    air.registered(*GRANTS)
    assert air.take("SUBSCRIBE").request_uri == "sip:b@x"

    def with_path(route, *, service_route, response):
        assert service_route == ("<sip:o@x;lr>",)
        return [*route, *response.values("Path")]

    air = new_air(hooks={"ue.route": with_path})
    air.registered(*GRANTS)
    assert air.take("SUBSCRIBE").values("Route")[1:] == ("<sip:o@x;lr>", "<sip:p@x>")


def test_course_and_delay_may_differ(new_air):
    air = new_air(hooks={"ue.course": lambda course, *, kind, response: Course.NEVER})
    air.answer(air.register(), 500)
    assert air.ue.phase is UePhase.FAILED
    air = new_air(hooks={"ue.delay": lambda delay, *, kind, response: 1.0})
    air.answer(air.register(), 503, ("Retry-After", "100"))
    air.advance(1.1)
    air.take("REGISTER")
    air = new_air(hooks={"ue.delay": gone})
    air.answer(air.register(), 503, ("Retry-After", "100"))
    assert air.ue.phase is UePhase.FAILED


def test_a_response_may_be_changed(new_air):
    air = new_air(hooks={"ue.response": lambda draft, *, request: draft.clone().set("From", request.value("To"))})
    air.send(
        b"OPTIONS sip:a@x SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.2.1:5060;branch=z9hG4bK1\r\nFrom: <sip:n@x>;tag=1\r\n"
        b"To: <sip:a@x>\r\nCall-ID: 1\r\nCSeq: 1 OPTIONS\r\nMax-Forwards: 70\r\n\r\n"
    )
    assert air.take().value("From") == "<sip:a@x>"


@pytest.mark.parametrize("name", [name for name in SEAMS if name.startswith("ue.")])
def test_a_hook_that_changes_nothing_does_not_fire(new_air, name):
    """The hook lets everything pass: a whole registration goes its way."""
    air = new_air(hooks={name: lambda value, **context: value}, security="headers")
    air.registered(*GRANTS)
    assert isinstance(air.take("SUBSCRIBE"), Request)
    assert air.ue.seams.firings == 0
