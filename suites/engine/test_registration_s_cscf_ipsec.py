"""The S-CSCF where the P-CSCF says what is protected (TS 24.229 5.4.1.1, 5.4.1.2.2)."""

from __future__ import annotations

import dataclasses
from random import Random

import pytest

from imsreg.aka import digest
from imsreg.aka.sqn import SLOTS, SqnArray, join, split
from imsreg.registration.hss import Hss
from imsreg.registration.s_cscf import RegistrarPolicy, SCscf
from imsreg.secret import Secret
from imsreg.sip.draft import Draft
from imsreg.sip.flow import Address, Flow
from imsreg.sip.headers.authorization import Authorization, WwwAuthenticate
from imsreg.sip.headers.name_addr import Contact

MW = Flow("TCP", Address("192.0.2.2", 5060), Address("192.0.2.1", 5060), 1)


@pytest.fixture
def new_mw(new_gm, subscribers):
    """Makes an S-CSCF in mode ipsec, and the way to it."""

    def make(*extra, **policy):
        mw = new_gm(flow=MW)
        hss = Hss((*subscribers.values(), *extra), Random(7))
        mw.core = SCscf("sip:orig@s.example", RegistrarPolicy(**policy), hss, Random(8), protected=True)
        return mw

    return make


def flagged(draft: Draft, flag: str | None) -> Draft:
    """A REGISTER as the P-CSCF passes it on."""
    if flag is not None:
        authorization = Authorization.parse(draft.value("Authorization"))
        draft.set("Authorization", authorization.with_param("integrity-protected", flag))
    return draft


def registered(mw, ue):
    first = mw.exchange(flagged(ue.initial_register(), "no"))
    response = mw.exchange(flagged(ue.answer(first), "yes"))
    assert response.status == 200
    return response


@pytest.mark.parametrize("flag", ["no", None, "YES!"])
def test_a_right_response_that_was_not_protected_is_challenged(new_mw, new_ue, flag):
    mw, ue = new_mw(), new_ue()
    first = mw.exchange(flagged(ue.initial_register(), "no"))
    again = mw.exchange(flagged(ue.answer(first), flag))
    assert again.status == 401
    assert again.value("WWW-Authenticate") != first.value("WWW-Authenticate")
    assert mw.core.bindings(mw.core._hss.authorise(ue.identity.impi, ue.identity.impu), 0.0) == ()


def test_a_right_response_that_was_protected_registers(new_mw, new_ue):
    assert len(registered(new_mw(), new_ue()).get_all(Contact)) == 1


@pytest.mark.parametrize(
    ("flag", "reauthenticate", "status"), [("yes", False, 200), ("no", False, 401), ("yes", True, 401)]
)
def test_a_refresh(new_mw, new_ue, flag, reauthenticate, status):
    mw, ue = new_mw(reauthenticate=reauthenticate), new_ue()
    registered(mw, ue)
    assert mw.exchange(flagged(ue.refresh(), flag)).status == status


def test_a_protected_register_of_nobody_who_is_registered_is_challenged(new_mw, new_ue):
    mw, ue = new_mw(), new_ue()
    assert mw.exchange(flagged(ue.initial_register(), "yes")).status == 401
    registered(mw, ue)
    mw.now = 700_000.0
    assert mw.exchange(flagged(ue.initial_register(), "yes")).status == 401


@pytest.mark.parametrize(("known", "status"), [(False, 403), (True, 200)])
def test_another_contact_needs_an_authentication(new_mw, new_ue, known, status):
    mw, ue = new_mw(), new_ue()
    asked = []

    def found(value, *, contact, request):
        asked.append((value, contact.uri.user))
        return known or value

    mw.core._seam.hooks["s-cscf.known"] = found
    registered(mw, ue)
    assert mw.exchange(flagged(ue.refresh(), "yes")).status == 200
    another = ue.refresh()
    another.set("Contact", "<sip:another@127.0.3.9>")
    assert mw.exchange(flagged(another, "yes")).status == status
    assert [value for value, _ in asked] == [True, False]
    assert asked[-1][1] == "another"


@pytest.mark.parametrize("flag", ["no", "yes"])
def test_a_report_of_the_usim_counts_in_any_case(new_mw, new_ue, flag):
    mw = new_mw()
    ahead = SqnArray([split(join(900, ind))[0] for ind in range(SLOTS)])
    ue = new_ue(sqn=ahead)
    first = mw.exchange(flagged(ue.initial_register(), "no"))
    again = mw.exchange(flagged(ue.answer(first), flag))
    assert again.status == 401
    assert mw.exchange(flagged(ue.answer(again), "yes")).status == 200


def test_a_response_to_another_challenge_is_no_refresh(new_mw, new_ue):
    mw, ue = new_mw(), new_ue()
    registered(mw, ue)
    forged = ue.refresh()
    forged.set("Authorization", Authorization.parse(forged.value("Authorization")).with_param("nonce", "other"))
    assert mw.exchange(flagged(forged, "yes")).status == 401


def test_a_password_knows_nothing_of_associations(new_mw, new_ue, subscribers):
    sub = subscribers["sub01"]
    fixed = dataclasses.replace(
        sub, name="fixed", impi=f"fixed@{sub.home_domain}", impus=(f"sip:fixed@{sub.home_domain}",), barred=(),
        algorithm=None, password=Secret(b"open sesame"),
    )  # fmt: skip
    mw, home = new_mw(fixed), f"sip:{sub.home_domain}"

    def register(authorization):
        draft = Draft.request("REGISTER", home)
        for name, value in (
            ("Via", f"SIP/2.0/TCP 192.0.2.1;branch=z9hG4bK{1 + bool(authorization)}"),
            ("From", f"<{fixed.impus[0]}>;tag=1"),
            ("To", f"<{fixed.impus[0]}>"),
            ("Call-ID", "c"),
            ("CSeq", f"{1 + bool(authorization)} REGISTER"),
            ("Contact", "<sip:127.0.3.1>"),
        ):
            draft.add(name, value)
        return draft.add("Authorization", authorization) if authorization else draft

    first = mw.exchange(register(None))
    values = {"username": fixed.impi, "realm": sub.home_domain, "nonce": first.get(WwwAuthenticate).nonce, "uri": home}
    response = digest.response(
        **values, password=b"open sesame", method="REGISTER", algorithm="MD5", qop=None, nc=None, cnonce=None
    )
    answer = Authorization.of(values | {"response": response, "integrity-protected": "no"})
    assert mw.exchange(register(str(answer))).status == 200
