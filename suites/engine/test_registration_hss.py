"""The HSS with its AuC: who may register, which vectors there are, what AUTS does."""

from __future__ import annotations

import dataclasses
from random import Random

import pytest

from imsreg.aka.sqn import SLOTS, SqnArray, join, split
from imsreg.aka.usim import Accepted, SyncFailure, Usim
from imsreg.registration.hss import Hss, Refused
from imsreg.registration.seams import Seams
from imsreg.sip.uri import Uri


@pytest.fixture
def hss(subscribers):
    return Hss(subscribers.values(), Random(3))


def record(text):
    return Uri.parse(text).address_of_record()


def test_every_identity_of_a_subscriber_brings_the_whole_set(hss, subscribers):
    sub = subscribers["sub01"]
    sets = [hss.authorise(sub.impi, record(impu)) for impu in sub.impus]
    assert len(set(sets)) == 1
    assert sets[0].identities == sub.impus
    assert sets[0].associated == tuple(i for i in sub.impus if i not in sub.barred)
    assert sets[0].associated[0] == sub.default_impu
    assert sets[0].record == record(sub.impus[0])


@pytest.mark.parametrize(
    "written",
    [
        "sip:+15550100001@IMS.mnc001.mcc001.3gppnetwork.org",
        "sip:+15550100001@ims.mnc001.mcc001.3gppnetwork.org;user=phone",
        "sip:%2B1555010000%31@ims.mnc001.mcc001.3gppnetwork.org;x=y?Subject=z",
        "tel:+1-555-010-0001",
    ],
)
def test_an_identity_is_known_in_every_form_that_means_the_same(hss, subscribers, written):
    assert hss.authorise(subscribers["sub01"].impi, record(written)).impi == subscribers["sub01"].impi
    assert hss.knows(record(written))
    assert hss.private_identity(record(written)) == subscribers["sub01"].impi


@pytest.mark.parametrize(
    ("impi", "impu", "reason"),
    [
        ("nobody@home.example", "sub01", "user unknown"),
        ("sub01", "sip:nobody@ims.mnc001.mcc001.3gppnetwork.org", "user unknown"),
        ("sub01", "sub02", "identities do not match"),
        ("sub01", "sip:%00\u00e9@x", "user unknown"),
    ],
)
def test_whom_the_hss_refuses_it_refuses_with_a_reason(hss, subscribers, impi, impu, reason):
    impi = subscribers[impi].impi if impi in subscribers else impi
    impu = subscribers[impu].impus[0] if impu in subscribers else impu
    with pytest.raises(Refused, match=reason) as caught:
        hss.authorise(impi, record(impu))
    assert caught.value.reason == reason


def test_an_identity_of_two_subscribers_lets_both_in(subscribers):
    shared = dataclasses.replace(subscribers["sub02"], impus=(*subscribers["sub02"].impus, "sip:shared@home.example"))
    first = dataclasses.replace(subscribers["sub01"], impus=("sip:shared@home.example",), barred=())
    hss = Hss((first, shared), Random(1))
    for sub in (first, shared):
        assert hss.authorise(sub.impi, "sip:shared@home.example").impi == sub.impi
    assert hss.private_identity("sip:shared@home.example") == first.impi


def test_a_set_without_an_identity_that_is_not_barred_is_refused(subscribers):
    sub = subscribers["sub01"]
    all_barred = Seams({"hss.identities": lambda value, **context: [i for i in value if i in sub.barred]})
    with pytest.raises(Refused, match="barred"):
        Hss(subscribers.values(), Random(1), all_barred).authorise(sub.impi, record(sub.impus[0]))


def test_no_vector_is_given_twice_and_the_usim_takes_them_in_order(hss, subscribers):
    sub = subscribers["sub01"]
    usim = Usim(sub.algorithm, sub.res_length, SqnArray())
    vectors = [hss.vector(sub.impi) for _ in range(20)]
    assert len({v.rand for v in vectors}) == len({v.autn for v in vectors}) == 20
    outcomes = [usim.authenticate(v.rand, v.autn) for v in vectors]
    assert all(isinstance(o, Accepted) for o in outcomes)
    assert [o.res for o in outcomes] == [v.xres for v in vectors]


def test_after_auts_the_next_vector_is_fresh_for_the_usim(hss, subscribers):
    sub = subscribers["sub01"]
    ahead = SqnArray([split(join(5000, i))[0] for i in range(SLOTS)])
    usim = Usim(sub.algorithm, sub.res_length, ahead)
    vector = hss.vector(sub.impi)
    refused = usim.authenticate(vector.rand, vector.autn)
    assert isinstance(refused, SyncFailure)
    assert hss.resynchronise(sub.impi, vector.rand, refused.auts)
    vector = hss.vector(sub.impi)
    assert isinstance(usim.authenticate(vector.rand, vector.autn), Accepted)


def test_a_wrong_auts_changes_nothing(hss, subscribers):
    sub = subscribers["sub01"]
    usim = Usim(sub.algorithm, sub.res_length, SqnArray())
    vector = hss.vector(sub.impi)
    assert not hss.resynchronise(sub.impi, vector.rand, bytes(14))
    assert not hss.resynchronise(sub.impi, vector.rand, b"")
    vector = hss.vector(sub.impi)
    assert isinstance(usim.authenticate(vector.rand, vector.autn), Accepted)
    assert split(usim.sqn.highest)[0] == 2


@pytest.mark.parametrize("ask", [lambda h: h.vector("x@y"), lambda h: h.resynchronise("x@y", bytes(16), bytes(14))])
def test_a_stranger_gets_no_vector(hss, ask):
    with pytest.raises(Refused, match="user unknown"):
        ask(hss)
    with pytest.raises(Refused, match="user unknown"):
        hss.home_domain("x@y")


def test_the_home_domains_are_those_of_the_subscribers(hss):
    assert hss.home_domains == {"ims.mnc001.mcc001.3gppnetwork.org", "test.3gpp.com"}
    assert not hss.knows("sip:nobody@test.3gpp.com")
    assert hss.private_identity("sip:nobody@test.3gpp.com") is None


def test_no_key_shows(hss, subscribers):
    vector = hss.vector(subscribers["sub01"].impi)
    shown = repr(vector) + repr(hss.authorise(subscribers["sub01"].impi, record(subscribers["sub01"].impus[0])))
    assert not any(secret.reveal().hex() in shown for secret in (vector.xres, vector.ck, vector.ik))
