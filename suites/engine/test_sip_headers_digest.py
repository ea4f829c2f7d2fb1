"""Authorization, WWW-Authenticate, Authentication-Info."""

import pytest

from imsreg.secret import Secret
from imsreg.sip.errors import HeaderError
from imsreg.sip.headers.authentication_info import AuthenticationInfo
from imsreg.sip.headers.authorization import Authorization, WwwAuthenticate
from imsreg.sip.headers.digest import AuthParam

CK = "00112233445566778899aabbccddeeff"


def test_credentials() -> None:
    text = (
        'Digest username="a@h", realm="h" , Nonce = "q/A=",uri="sip:h",response="", qop=auth, nc=00000001, '
        'cnonce="c,\\"=", algorithm=AKAv1-MD5, opaque="", auts="YQ==", integrity-protected="no"'
    )
    credentials = Authorization.parse(text)
    assert (credentials.scheme, credentials.username, credentials.realm) == ("Digest", "a@h", "h")
    assert (credentials.nonce, credentials.uri, credentials.response) == ("q/A=", "sip:h", "")
    assert (credentials.qop, credentials.nc, credentials.cnonce) == ("auth", "00000001", 'c,"=')
    assert (credentials.algorithm, credentials.opaque, credentials.auts) == ("AKAv1-MD5", "", "YQ==")
    assert credentials.integrity_protected == "no"
    assert credentials.params["nc"] == AuthParam("00000001", False)
    assert credentials.params["nonce"].quoted
    assert Authorization.parse(str(credentials)) == credentials
    assert credentials.text("NC") == "00000001"
    assert Authorization.parse("Digest").nonce is None


def test_challenge() -> None:
    challenge = WwwAuthenticate.parse(f'digest realm="h", qop="auth, Auth-Int,", stale=TRUE, ck="{CK}", ik=xyz')
    assert (challenge.qop_options, challenge.stale) == (("auth", "auth-int"), True)
    assert (challenge.ck, challenge.ik) == (Secret(bytes.fromhex(CK)), None)
    assert WwwAuthenticate.parse('Digest realm="h"').qop_options == ()
    assert str(challenge.without("ck", "IK", "absent")) == 'digest realm="h", qop="auth, Auth-Int,", stale=TRUE'


def test_keys_show_in_no_repr_and_no_error() -> None:
    challenge = WwwAuthenticate.parse(f'Digest realm="h", ck="{CK}", ik="{CK}"')
    assert repr(challenge) == "<WWW-Authenticate Digest: realm, ck, ik>"
    with pytest.raises(HeaderError) as raised:
        WwwAuthenticate.parse(f'Digest ck="{CK}", IK = {CK}, CK="{CK}"')
    assert "comes twice" in str(raised.value)
    assert "0011" not in str(raised.value)


def test_a_header_to_send_is_quoted_by_the_grammar() -> None:
    credentials = Authorization.of(
        {
            "username": 'a"b',
            "nonce": "",
            "qop": "auth",
            "nc": "00000001",
            "auts": None,
            "algorithm": AuthParam("x", True),
        }
    )
    assert str(credentials) == 'Digest username="a\\"b", nonce="", qop=auth, nc=00000001, algorithm="x"'
    assert str(WwwAuthenticate.of({"qop": "auth", "algorithm": "MD5"})) == 'Digest qop="auth", algorithm=MD5'
    assert str(AuthenticationInfo.of({"qop": "auth", "rspauth": "ab"})) == 'qop=auth, rspauth="ab"'
    changed = credentials.with_param("NC", "00000002").with_param("uri", "sip:h").without("username")
    assert str(changed) == 'Digest nonce="", qop=auth, nc=00000002, algorithm="x", uri="sip:h"'


def test_authentication_info() -> None:
    info = AuthenticationInfo.parse('qop=auth,  rspauth="ab", cnonce="c", nc=00000001, nextnonce="n"')
    assert (info.qop, info.rspauth, info.cnonce, info.nc, info.nextnonce) == ("auth", "ab", "c", "00000001", "n")
    with pytest.raises(HeaderError, match="there is no parameter"):
        AuthenticationInfo.parse(" ")


@pytest.mark.parametrize(
    ("text", "why", "column"),
    [
        ("", "the authentication scheme is missing", 1),
        ("Digest=x", "the authentication scheme is missing", 1),
        ('Digest realm="h', "the quoted string does not end", 14),
        ('Digest realm="h" nonce="n"', "',' was expected, not 'n'", 18),
        ("Digest realm", "the parameter 'realm' has no value", 8),
        ('Digest realm="a", Realm="b"', "the parameter 'Realm' comes twice", 19),
        ('Digest realm="a", Digest realm="b"', "',' was expected, not 'r'", 26),
    ],
)
def test_what_is_no_digest_is_refused_in_words(text: str, why: str, column: int) -> None:
    with pytest.raises(HeaderError) as raised:
        Authorization.parse(text)
    assert why in str(raised.value)
    assert raised.value.column == column
