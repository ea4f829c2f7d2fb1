"""The S-CSCF at Mw: challenge and verification, bindings, refusals."""

from __future__ import annotations

import base64
import dataclasses
from random import Random

import pytest

from imsreg.aka.milenage import Milenage
from imsreg.aka.nonce import decode
from imsreg.aka.sqn import SLOTS, SqnArray, join, split
from imsreg.registration.challenge import REG_AWAIT_AUTH
from imsreg.registration.credentials import ResChoice
from imsreg.registration.hss import Hss
from imsreg.registration.location import MAX_BINDINGS
from imsreg.registration.s_cscf import Procedure, RegistrarPolicy, SCscf
from imsreg.registration.seams import Seams
from imsreg.secret import Secret
from imsreg.sip.draft import Draft
from imsreg.sip.flow import Address, Flow
from imsreg.sip.headers.authorization import Authorization, WwwAuthenticate
from imsreg.sip.headers.cseq import CSeq
from imsreg.sip.headers.name_addr import Contact, To
from imsreg.sip.message import parse

MW = Flow("TCP", Address("192.0.2.2", 5060), Address("192.0.2.1", 5060), 1)
PATH = "<sip:term@127.0.2.1:5060;lr>"


@pytest.fixture
def new_mw(new_gm, subscribers):
    """Makes an S-CSCF and the way to it, as `new_gm` does a core."""

    def make(*, hooks=None, extra=(), **policy):
        seams = Seams(hooks or {})
        hss = Hss((*subscribers.values(), *extra), Random(7), seams)
        mw = new_gm(flow=MW)
        mw.core = SCscf("sip:orig@scscf.home.example:5060", RegistrarPolicy(**policy), hss, Random(8), seams)
        return mw

    return make


@pytest.fixture
def mw(new_mw):
    return new_mw()


@pytest.fixture
def ue(new_ue):
    return new_ue()


def challenge_of(response):
    assert response.status == 401
    return response.get(WwwAuthenticate)


def changed(draft, name, old, new):
    """A draft with a part of one value replaced."""
    assert old in draft.value(name)
    return draft.set(name, draft.value(name).replace(old, new))


def listed(response):
    """Contact URIs and expires of a 200."""
    assert response.status == 200
    return {c.uri.text: c.expires for c in response.get_all(Contact)}


def fetched(mw, ue):
    return listed(mw.complete(ue, ue.fetch()))


# Challenge and verification.


def test_the_challenge_has_all_that_ts_24_229_wants(mw, ue, subscribers):
    response = mw.exchange(ue.initial_register())
    challenge = challenge_of(response)
    assert challenge.realm == subscribers["sub01"].home_domain
    assert (challenge.algorithm, challenge.qop) == ("AKAv1-MD5", "auth")
    assert "algorithm=AKAv1-MD5" in response.value("WWW-Authenticate")
    assert decode(challenge.nonce).server_data == b""
    assert (len(challenge.ik), len(challenge.ck)) == (16, 16)
    assert challenge.opaque


def test_a_whole_registration(mw, ue, subscribers):
    sub = subscribers["sub01"]
    draft = ue.initial_register().add("Path", PATH).add("Path", "<sip:two;lr>")
    response = mw.exchange(ue.answer(mw.exchange(draft)).add("Path", f"{PATH}, <sip:two;lr>"))
    assert listed(response) == {"sip:001010000000001@127.0.3.1:5060": 600_000}
    assert response.values("Path") == (PATH, "<sip:two;lr>")
    assert response.value("Service-Route") == "<sip:orig@scscf.home.example:5060;lr>"
    assert response.values("P-Associated-URI") == tuple(f"<{i}>" for i in sub.impus if i not in sub.barred)


def test_the_to_tag_is_there_stays_for_a_response_and_is_left_if_the_request_has_one(mw, ue):
    draft = ue.initial_register()
    first, second = mw.exchange(draft), mw.exchange(draft)
    assert first.get(To).tag == second.get(To).tag is not None
    other = mw.exchange(ue.initial_register())
    assert other.get(To).tag != first.get(To).tag
    given = changed(ue.initial_register(), "To", ">", "> ; TAG = mine")
    assert mw.exchange(given).value("To") == given.value("To")


@pytest.mark.parametrize("res", [ResChoice.WRONG, ResChoice.EMPTY, ResChoice.HEX])
def test_a_wrong_response_is_refused_without_a_challenge(mw, ue, res):
    response = mw.exchange(ue.answer(mw.exchange(ue.initial_register()), res=res))
    assert response.status == 403
    assert response.field("WWW-Authenticate") is None


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("nc=00000001", "nc=00000000"),
        ("nc=00000001", "nc=1"),
        ("qop=auth", "qop=auth-int"),
        ("qop=auth", "qop=other"),
        ('cnonce="', 'cnonce="0'),
        ('realm="', 'realm="other.'),
        ('uri="sip:', 'uri="sip:other@'),
        (', response="', ', response="0'),
    ],
)
def test_an_answer_in_which_something_else_was_changed_is_refused(mw, ue, old, new):
    answer = ue.answer(mw.exchange(ue.initial_register()))
    assert mw.exchange(changed(answer, "Authorization", old, new)).status == 403


@pytest.mark.parametrize(("nc", "status"), [("00000000", 403), ("1", 403), ("0000000g", 403), ("0000000A", 200)])
def test_a_right_response_needs_a_nonce_count_that_counts(mw, ue, nc, status):
    assert mw.exchange(ue.answer(mw.exchange(ue.initial_register()), nc=nc)).status == status


def test_a_response_over_another_realm_is_refused(mw, ue):
    challenge = mw.exchange(ue.initial_register())
    other = changed(Draft.of(challenge), "WWW-Authenticate", 'realm="', 'realm="other.').to_message()
    assert mw.exchange(ue.answer(other)).status == 403


def test_an_answer_without_qop_is_that_of_an_old_client(mw, ue):
    challenge = mw.exchange(ue.initial_register())
    old = changed(Draft.of(challenge), "WWW-Authenticate", ', qop="auth"', "").to_message()
    answer = ue.answer(old)
    assert "qop" not in answer.value("Authorization")
    assert mw.exchange(answer).status == 200


def test_an_answer_counts_once(mw, ue):
    answer = ue.answer(mw.exchange(ue.initial_register()))
    assert mw.exchange(answer).status == 200
    assert challenge_of(mw.exchange(changed(answer, "Via", "branch=z9hG4bK", "branch=z9hG4bKx")))


def test_the_challenge_waits_four_minutes(new_mw, new_ue):
    for late, status in ((REG_AWAIT_AUTH - 0.001, 200), (REG_AWAIT_AUTH, 401)):
        mw, ue = new_mw(), new_ue()
        answer = ue.answer(mw.exchange(ue.initial_register()))
        mw.now += late
        assert mw.exchange(answer).status == status


def test_a_newer_challenge_makes_the_older_void(mw, ue):
    first = mw.exchange(ue.initial_register())
    answer = ue.answer(first)
    second = mw.exchange(ue.refresh())
    assert challenge_of(first).nonce != challenge_of(second).nonce
    assert mw.exchange(answer).status == 401


def test_an_answer_under_another_call_id_is_none(mw, ue):
    answer = ue.answer(mw.exchange(ue.initial_register()))
    assert challenge_of(mw.exchange(answer.set("Call-ID", "another"))).nonce


def test_a_reported_mac_failure_ends_the_authentication(mw, ue):
    answer = ue.answer(mw.exchange(ue.initial_register()))
    right = Authorization.parse(answer.value("Authorization"))
    empty = Draft.of(answer.to_message()).set("Authorization", right.with_param("response", ""))
    response = mw.exchange(empty)
    assert response.status == 403
    assert response.field("WWW-Authenticate") is None
    assert mw.exchange(answer).status == 401


def test_auts_resynchronises_and_is_followed_by_a_challenge_that_is_accepted(mw, new_ue):
    ue = new_ue(sqn=SqnArray([split(join(700, i))[0] for i in range(SLOTS)]))
    first = mw.exchange(ue.initial_register())
    second = mw.exchange(ue.answer(first))
    assert challenge_of(second).nonce != challenge_of(first).nonce
    assert mw.exchange(ue.answer(second)).status == 200


@pytest.mark.parametrize(
    ("auts", "status"), [(base64.b64encode(bytes(14)).decode(), 403), ("AAAA", 400), ("not base64", 400)]
)
def test_a_wrong_auts_is_refused_and_the_sequence_number_stays(mw, ue, auts, status):
    answer = ue.answer(mw.exchange(ue.initial_register()))
    given = Authorization.parse(answer.value("Authorization")).with_param("auts", auts)
    assert mw.exchange(answer.set("Authorization", given)).status == status
    assert mw.complete(ue, ue.initial_register()).status == 200


def test_server_data_follows_autn_in_the_nonce(new_mw, ue):
    mw = new_mw(server_data=b"ours")
    assert decode(challenge_of(mw.exchange(ue.initial_register())).nonce).server_data == b"ours"
    assert mw.register(ue).status == 200


def test_a_core_may_challenge_again_after_a_wrong_response(new_mw, ue):
    mw = new_mw(challenges_again=True)
    again = mw.exchange(ue.answer(mw.exchange(ue.initial_register()), res=ResChoice.WRONG))
    assert mw.exchange(ue.answer(again)).status == 200


class FixedRes(Milenage):
    """Milenage, but for RES."""

    res: bytes

    def f2345(self, rand):
        return dataclasses.replace(super().f2345(rand), res=self.res)


@pytest.mark.parametrize(
    "res",
    [
        b"\0\0\0\0",
        b"\0abc",
        b"ab\0c",
        b"abc\0",
        b"a:b:",
        b"::::",
        b"\xff\xfe\x80\x81",
        b"\r\n\r\n",
        b'"\\"\\',
        b"\0" * 8,
    ],
)
def test_a_res_of_any_octets_verifies(new_mw, new_ue, subscribers, res):
    algorithm = FixedRes(Secret(bytes(16)), Secret(bytes(16)))
    algorithm.res = res
    odd = dataclasses.replace(
        subscribers["sub01"],
        impi="odd@ims.mnc001.mcc001.3gppnetwork.org",
        impus=("sip:odd@ims.mnc001.mcc001.3gppnetwork.org",),
        barred=(),
        algorithm=algorithm,
        res_length=len(res),
    )
    mw, ue = new_mw(extra=(odd,)), new_ue(subscriber=odd)
    assert mw.register(ue).status == 200
    # The part before the NUL alone would not do.
    assert mw.exchange(ue.answer(mw.exchange(ue.initial_register()), res=ResChoice.EMPTY)).status == 403


@pytest.mark.parametrize("name", ["sub01", "sub04", "printable", "seed"])
def test_every_kind_of_subscriber_registers(mw, new_ue, name):
    assert mw.register(new_ue(name)).status == 200


# Who may register.


def test_without_authorization_the_private_identity_comes_from_the_public_one(mw, ue):
    challenge = mw.exchange(ue.initial_register().remove("Authorization"))
    assert mw.exchange(ue.answer(challenge)).status == 200


def test_credentials_for_another_scheme_do_not_count(mw, ue):
    for value in ("Basic dXNlcjpwYXNz", "NoOneKnowsThisScheme opaque-data=here"):
        assert mw.exchange(ue.initial_register().set("Authorization", value)).status == 401
    draft = ue.answer(mw.exchange(ue.initial_register()))
    digest = draft.value("Authorization")
    assert (
        mw.exchange(draft.remove("Authorization").add("Authorization", "Basic x").add("Authorization", digest)).status
        == 200
    )


@pytest.mark.parametrize(
    ("name", "value", "status"),
    [
        ("To", "<sip:nobody@ims.mnc001.mcc001.3gppnetwork.org>", 403),
        ("To", "<sip:+15550100002@ims.mnc001.mcc001.3gppnetwork.org>", 403),
        ("To", "<sip:+15550100001@foreign.example>", 404),
        ("To", "<tel:+19999>", 404),
        ("To", "<tel:+1-5550100001>", 401),
        ("To", "<sip:%2B15550100001@IMS.mnc001.mcc001.3gppnetwork.org;user=phone>", 401),
        ("To", "<sip:001010000000001@ims.mnc001.mcc001.3gppnetwork.org>", 401),
        ("To", "<sip:%00%40@ims.mnc001.mcc001.3gppnetwork.org>", 403),
        ("To", "<sip:", 400),
        ("CSeq", "one REGISTER", 400),
        ("Authorization", 'Digest username="x@y", realm="", nonce="", uri="", response=""', 403),
        ("Authorization", 'Digest username="x', 400),
        ("Require", "path, gruu, foo", 420),
        ("Require", "path", 401),
    ],
)
def test_who_is_challenged_and_who_is_refused(mw, ue, name, value, status):
    response = mw.exchange(ue.initial_register().remove(name).add(name, value))
    assert response.status == status
    if status == 420:
        assert response.option_tags("Unsupported") == ("gruu", "foo")


@pytest.mark.parametrize(
    ("uri", "status"),
    [
        ("sip:ims.mnc001.mcc001.3gppnetwork.org", 401),
        ("sip:IMS.mnc001.mcc001.3gppnetwork.org:5060;transport=udp", 401),
        ("sip:foreign.example", 404),
        ("sip:", 400),
        ("sip:a b@c", 400),
    ],
)
def test_the_request_uri_names_the_home_domain(mw, ue, uri, status):
    draft = ue.initial_register()
    draft.start_line = f"REGISTER {uri} SIP/2.0"
    assert mw.exchange(draft).status == status


def test_another_method_is_not_for_a_registrar(mw, ue):
    draft = ue.initial_register()
    draft.start_line = draft.start_line.replace("REGISTER", "MESSAGE")
    response = mw.exchange(draft)
    assert (response.status, response.value("Allow")) == (405, "REGISTER, SUBSCRIBE")


# Bindings.


def test_a_failed_authentication_leaves_the_bindings(mw, ue):
    before = listed(mw.register(ue))
    assert mw.exchange(ue.answer(mw.exchange(ue.refresh()), res=ResChoice.WRONG)).status == 403
    assert fetched(mw, ue) == before


def test_a_fetch_lists_what_is_left_and_changes_nothing(mw, ue):
    mw.register(ue, expires=600)
    mw.now = 100.0
    assert fetched(mw, ue) == {"sip:001010000000001@127.0.3.1:5060": 500}
    mw.now = 599.8
    assert fetched(mw, ue) == {"sip:001010000000001@127.0.3.1:5060": 1}
    mw.now = 600.0
    assert fetched(mw, ue) == {}


def test_a_refresh_extends_and_de_registration_removes(mw, ue):
    mw.register(ue, expires=600)
    mw.now = 100.0
    assert listed(mw.complete(ue, ue.refresh(expires=700))) == {"sip:001010000000001@127.0.3.1:5060": 700}
    assert listed(mw.complete(ue, ue.deregister())) == {}
    assert listed(mw.complete(ue, ue.deregister())) == {}


def test_two_ues_of_a_user_are_two_bindings_until_star(mw, new_ue):
    first, second = new_ue(), new_ue(address=Address("127.0.3.2", 5060), seed=2)
    mw.register(first)
    assert len(listed(mw.register(second))) == 2
    assert listed(mw.complete(first, first.deregister())) == {"sip:001010000000001@127.0.3.2:5060": 600_000}
    assert listed(mw.complete(first, first.remove_all())) == {}


def test_the_whole_implicit_set_has_the_same_bindings(mw, ue, subscribers):
    """TS 23.228 5.2.1a: after registration with a temporary identity, another of the set may de-register."""
    sub = subscribers["sub01"]
    ue.identity = dataclasses.replace(ue.identity, impu=sub.barred[0])
    assert len(listed(mw.register(ue))) == 1
    ue.identity = dataclasses.replace(ue.identity, impu=sub.default_impu)
    assert len(fetched(mw, ue)) == 1
    assert listed(mw.complete(ue, ue.deregister())) == {}


def answered(mw, ue, change):
    """The final response to a REGISTER, changed alike before and after the challenge."""
    return mw.exchange(change(ue.answer(mw.exchange(change(ue.initial_register())))))


@pytest.mark.parametrize(
    ("contacts", "expires", "status", "granted"),
    [
        (["<sip:a@h>"], "7200", 200, {"sip:a@h": 7200}),
        (["<sip:a@h>;expires=61"], "7200", 200, {"sip:a@h": 61}),
        (["<sip:a@h>;expires=61, <sip:b@h>"], "7200", 200, {"sip:a@h": 61, "sip:b@h": 7200}),
        (["<sip:a@h>"], None, 200, {"sip:a@h": 3600}),
        (["<sip:a@h>"], "9999999", 200, {"sip:a@h": 600_000}),
        (["<sip:a@h>;expires=99999999999999999999"], None, 200, {"sip:a@h": 600_000}),
        (["<sip:a@h>;expires=soon"], "7200", 200, {"sip:a@h": 3600}),
        (["<sip:a@h>;expires"], "7200", 200, {"sip:a@h": 3600}),
        (["<sip:a@h>"], "soon", 200, {"sip:a@h": 3600}),
        (["<sip:a@h>;expires=-1"], None, 200, {"sip:a@h": 3600}),
        (["<sip:a@h>"], "60", 200, {"sip:a@h": 60}),
        (["<sip:a@h>"], "59", 423, None),
        (["<sip:a@h>"], "1", 423, None),
        (["<sip:a@h>"], "0", 200, {}),
        (["<sip:a@h>;expires=0"], "7200", 200, {}),
        (["<sip:a@h>", "<sip:b@h>;expires=1"], "7200", 423, None),
        (["*"], "0", 200, {}),
        (["*"], "60", 400, None),
        (["*"], None, 400, None),
        (["*"], "x", 400, None),
        (["*", "<sip:a@h>"], "0", 400, None),
        (["*", "*"], "0", 400, None),
        (["<sip:a@h", "<sip:b@h>"], "7200", 400, None),
        (['"unclosed <sip:a@h>'], "7200", 400, None),
        (["sip:a@h;q=0.5;x=1"], "7200", 200, {"sip:a@h": 7200}),
        (["tel:+1"], "7200", 200, {"tel:+1": 7200}),
    ],
)
def test_what_a_register_asks_for_one_or_more_contacts(mw, ue, contacts, expires, status, granted):
    mw.register(ue)

    def change(draft):
        draft.remove("Contact").remove("Expires")
        for contact in contacts:
            draft.add("Contact", contact)
        return draft if expires is None else draft.add("Expires", expires)

    response = answered(mw, ue, change)
    assert response.status == status
    own = {"sip:001010000000001@127.0.3.1:5060": 600_000}
    if status == 200:
        assert listed(response) == ({} if contacts == ["*"] else own | granted)
    else:
        assert fetched(mw, ue) == own
    assert response.value("Min-Expires") == ("60" if status == 423 else None)


@pytest.mark.parametrize(("minimum", "asked", "status"), [(7200, 3599, 423), (7200, 3600, 200), (7200, 7199, 200)])
def test_an_hour_is_never_too_brief(new_mw, ue, minimum, asked, status):
    mw = new_mw(min_expires=minimum)
    response = answered(mw, ue, lambda draft: draft.set("Expires", asked))
    assert response.status == status
    if status == 423:
        assert mw.register(ue, expires=asked).status == 200
        assert set(fetched(mw, ue).values()) == {minimum}


def test_contact_parameters_come_back_but_for_those_that_a_registrar_gives(mw, ue):
    value = '"A, B" <sip:a@h;x=1?Route=y>;q=0.7;+sip.instance="<urn:uuid:1>";pub-gruu="sip:x";foo'
    response = answered(mw, ue, lambda draft: draft.set("Contact", value))
    assert response.value("Contact") == (
        '"A, B" <sip:a@h;x=1?Route=y>;q=0.7;+sip.instance="<urn:uuid:1>";foo;expires=600000'
    )


def test_a_cseq_that_is_not_higher_fails(mw, ue):
    mw.register(ue, expires=600)
    bound = parse(ue.refresh().to_bytes()).get(CSeq).number - 1
    mw.now = 100.0
    for number in (bound, bound - 1):

        def old(draft, number=number):
            return draft.set("CSeq", f"{number} REGISTER")

        challenge = mw.exchange(old(ue.refresh()))
        assert mw.exchange(old(ue.answer(challenge))).status == 500
    assert set(fetched(mw, ue).values()) == {500}


def test_a_restarted_ue_with_a_lower_cseq_is_served(mw, ue):
    mw.register(ue, expires=600)

    def restarted(draft):
        return draft.set("CSeq", "1 REGISTER")

    assert set(listed(answered(mw, ue, restarted)).values()) == {600_000}


def test_a_request_changes_all_of_its_contacts_or_none(mw, ue):
    mw.register(ue, expires=600)

    def change(draft):
        return draft.set("CSeq", "1 REGISTER").remove("Contact").add("Contact", f"<sip:new@h>, {ue.contact}")

    challenge = mw.exchange(change(ue.refresh()))
    assert mw.exchange(change(ue.answer(challenge))).status == 500
    assert fetched(mw, ue) == {"sip:001010000000001@127.0.3.1:5060": 600}


def test_more_contacts_than_a_user_may_have_are_refused(mw, ue):
    own = "sip:001010000000001@127.0.3.1:5060"

    def change(draft):
        return draft.set("Contact", ", ".join(f"<sip:{n}@h>" for n in range(MAX_BINDINGS)))

    mw.register(ue)
    assert answered(mw, ue, change).status == 403
    assert set(fetched(mw, ue)) == {own}


def test_a_200_that_nobody_could_read_is_not_sent(mw, ue):
    def change(draft, number):
        return draft.set("Contact", f"<sip:{number}@h;{'x' * 8000}>")

    for number in range(9):
        response = answered(mw, ue, lambda draft, number=number: change(draft, number))
        assert response.status == (200 if number < 8 else 513)
        assert len(response.raw) < 65_536
    assert mw.register(ue).status == 513
    assert listed(mw.complete(ue, ue.remove_all())) == {}


def test_path_stays_with_its_binding(mw, new_ue):
    first, second = new_ue(), new_ue(address=Address("127.0.3.2", 5060), seed=2)
    paths = {}

    def seen(bindings, **context):
        paths.update({b.contact.uri.text: b.path for b in bindings})
        return bindings

    mw.core._seam.hooks["s-cscf.listed"] = seen
    for ue, path in ((first, "<sip:p1;lr>"), (second, "<sip:p2;lr>,<sip:p3;lr>")):
        assert answered(mw, ue, lambda draft, path=path: draft.add("Path", path)).values("Path")[0] in path
    assert paths == {
        "sip:001010000000001@127.0.3.1:5060": ("<sip:p1;lr>",),
        "sip:001010000000001@127.0.3.2:5060": ("<sip:p2;lr>", "<sip:p3;lr>"),
    }


def test_no_response_repeats_what_a_request_has_twice(mw, ue):
    draft = (
        ue.initial_register()
        .add("From", "<sip:x@y>;tag=2")
        .add("Call-ID", "2")
        .add("Via", "SIP/2.0/TCP lower;branch=b")
    )
    response = mw.exchange(draft)
    assert [len(response.fields(n)) for n in ("Via", "From", "To", "Call-ID", "CSeq")] == [2, 1, 1, 1, 1]


def test_open_challenges_are_bounded_by_the_subscribers(mw, new_ue, subscribers):
    for seed in range(60):
        mw.exchange(new_ue(f"sub{seed % 16 + 1:02d}", seed=seed).initial_register())
    assert len(mw.core._open) == 16
    for seed in range(60):
        draft = new_ue(seed=seed).initial_register()
        mw.exchange(changed(draft, "Authorization", 'username="', f'username="{seed}'))
    assert len(mw.core._open) == 16


def test_a_mutant_that_verifies_where_nothing_is_open_does_not_crash(new_mw, ue):
    for procedure in (Procedure.VERIFY, Procedure.RESYNCHRONISE, Procedure.MAC_FAILURE):
        mw = new_mw(hooks={"s-cscf.procedure": lambda value, procedure=procedure, **context: procedure})
        assert mw.exchange(ue.initial_register()).status == 403
    mw = new_mw(hooks={"s-cscf.procedure": lambda value, **context: Procedure.ACCEPT})
    assert mw.exchange(ue.initial_register()).status == 200
