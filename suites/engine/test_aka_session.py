"""A client's session: nonce count, opaque, stale, nextnonce and rspauth (RFC 7616 3.3 to 3.6)."""

import hashlib
from dataclasses import FrozenInstanceError

import pytest

from imsreg.aka import digest
from imsreg.aka.session import DigestSession, Reaction
from imsreg.secret import Secret
from imsreg.sip.headers.authorization import WwwAuthenticate

PASSWORD = b"\x00:\xff\xfepw"


def _challenge(**changes):
    values = {"realm": "r", "nonce": "n1", "algorithm": "SHA-256", "qop": "auth", "opaque": "o"} | changes
    return WwwAuthenticate.of(values)


def _session(**changes) -> DigestSession:
    session = DigestSession("u", Secret(PASSWORD))
    assert session.challenged(_challenge(**changes)) is Reaction.ANSWER
    return session


def _expected(made, method="REGISTER", **changes) -> str:
    parameters = {name: getattr(made, name) for name in ("username", "realm", "uri", "nonce", "qop", "nc", "cnonce")}
    given = parameters | {"algorithm": made.algorithm or "MD5"} | changes
    return digest.response(password=PASSWORD, method=method, **given)


def test_the_count_goes_up_with_each_request_and_begins_again_with_a_nonce():
    session = _session()
    made = [session.credentials("REGISTER", "sip:r", cnonce=f"c{n}") for n in range(17)]
    assert [m.nc for m in made] == [f"{n:08x}" for n in range(1, 18)]
    assert {m.nonce for m in made} == {"n1"}
    assert len({m.response for m in made}) == 17
    session.challenged(_challenge(nonce="n2", stale="true"))
    assert session.credentials("REGISTER", "sip:r", cnonce="c").nc == "00000001"


def test_everything_of_the_challenge_goes_back():
    made = _session().credentials("REGISTER", "sip:r", cnonce="c")
    assert (made.username, made.realm, made.nonce, made.opaque) == ("u", "r", "n1", "o")
    assert (made.algorithm, made.qop, made.cnonce, made.uri) == ("SHA-256", "auth", "c", "sip:r")
    assert made.response == _expected(made)


def test_a_bare_challenge_is_md5_without_qop_and_gets_no_count():
    made = _session(algorithm=None, qop=None, opaque=None).credentials("REGISTER", "sip:r", cnonce="c")
    assert (made.algorithm, made.qop, made.nc, made.cnonce, made.opaque) == (None, None, None, None, None)
    assert made.response == _expected(made)
    assert len(made.response) == 32


def test_auth_int_covers_the_body():
    session = _session(qop="auth-int")
    made = session.credentials("REGISTER", "sip:r", cnonce="c", body=b"\x00\xff")
    assert made.qop == "auth-int"
    assert made.response == _expected(made, body=b"\x00\xff") != _expected(made)


def test_stale_is_another_try_and_no_stale_is_the_end():
    session = _session()
    session.credentials("REGISTER", "sip:r", cnonce="c")
    assert session.challenged(_challenge(nonce="n2", stale="TRUE")) is Reaction.ANSWER
    assert session.credentials("REGISTER", "sip:r", cnonce="c").nonce == "n2"
    assert session.challenged(_challenge(nonce="n3")) is Reaction.GIVE_UP
    session = _session()
    assert session.challenged(_challenge(nonce="n2")) is Reaction.ANSWER, "nothing was refused"


def test_the_next_nonce_is_used_and_counted_from_one():
    session = _session()
    session.credentials("REGISTER", "sip:r", cnonce="c")
    session.next_nonce("later")
    made = session.credentials("REGISTER", "sip:r", cnonce="d")
    assert (made.nonce, made.nc, made.opaque) == ("later", "00000001", "o")
    assert made.response == _expected(made)


def test_the_session_key_is_that_of_the_first_request():
    session = _session(algorithm="MD5-sess")
    first = session.credentials("REGISTER", "sip:r", cnonce="c1")
    session.next_nonce("n2")
    second = session.credentials("REGISTER", "sip:r", cnonce="c2")
    assert first.response == _expected(first)
    assert second.response == _expected(second, session=("n1", "c1")) != _expected(second)
    assert session.proven(_expected(second, method="", session=("n1", "c1")), qop="auth")
    session.challenged(_challenge(algorithm="MD5-sess", nonce="n3", stale="true"))
    third = session.credentials("REGISTER", "sip:r", cnonce="c3")
    assert third.response == _expected(third), "a challenge begins another session"


def test_a_session_key_without_qop_shows_its_cnonce():
    made = _session(algorithm="MD5-sess", qop=None).credentials("REGISTER", "sip:r", cnonce="c")
    assert (made.cnonce, made.nc) == ("c", None)
    ha1 = hashlib.md5(b"u:r:" + PASSWORD, usedforsecurity=False).hexdigest()
    key = hashlib.md5(f"{ha1}:n1:c".encode(), usedforsecurity=False).hexdigest()
    a2 = hashlib.md5(b"REGISTER:sip:r", usedforsecurity=False).hexdigest()
    assert made.response == hashlib.md5(f"{key}:n1:{a2}".encode(), usedforsecurity=False).hexdigest()


@pytest.mark.parametrize("body", [b"", b"a body"])
def test_only_who_knows_the_password_proves_it(body):
    session = _session(qop="auth-int")
    assert not session.proven("", qop=None), "nothing was sent yet"
    made = session.credentials("REGISTER", "sip:r", cnonce="c")
    right = _expected(made, method="", body=body)
    assert session.proven(right, qop="auth-int", body=body)
    assert not session.proven(right, qop="auth", body=body)
    assert not session.proven(right, qop="nonsense", body=body)
    assert not session.proven(made.response, qop="auth-int", body=body), "a copy of the response proves nothing"
    assert not session.proven("\udcff", qop="auth-int")


def test_without_a_challenge_or_with_an_unknown_one_there_are_no_credentials():
    with pytest.raises(digest.DigestError, match="no challenge to answer"):
        DigestSession("u", Secret(b"p")).credentials("REGISTER", "sip:r", cnonce="c")
    with pytest.raises(digest.DigestError, match="unknown digest algorithm"):
        _session(algorithm="SHA-3").credentials("REGISTER", "sip:r", cnonce="c")


def test_a_challenge_without_realm_and_nonce_is_answered_with_empty_ones():
    made = _session(realm=None, nonce=None).credentials("REGISTER", "sip:r", cnonce="c")
    assert (made.realm, made.nonce) == ("", "")
    assert made.response == _expected(made)


def test_credentials_stay_as_they_were_made():
    session = _session()
    made = session.credentials(method="REGISTER", uri="sip:r", cnonce="c")
    with pytest.raises(FrozenInstanceError):
        made.nonce = "n2"
    assert session.proven(rspauth=_expected(made, method=""), qop="auth")
