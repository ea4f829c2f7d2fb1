"""The messages of the differential run: the seed and the torture set, and REGISTER requests and answers that are made.

Of a made message it is known in which of many legal ways each header was written, so that a disagreement has a name.
"""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import NamedTuple, TypeVar

from imsreg.paths import data
from imsreg.sip.names import COMPACT

T = TypeVar("T")
MADE = 2_000

_URIS = {
    "plain": "sip:home.example",
    "IPv6": "sip:[2001:DB8::0:1]",
    "port": "sip:home.example:5070",
    "parameter": "sip:home.example;lr",
    "capitals": "SIP:Home.Example",
}
_VIAS = {
    "plain": ["SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1;rport"],
    "IPv6": ["SIP/2.0/TCP [2001:db8::1]:5060;branch=z9hG4bK1"],
    "IPv6, no port": ["SIP/2.0/UDP [2001:db8:0::1];branch=z9hG4bK1"],
    "blanks around slashes": ["SIP / 2.0 / UDP ue.example:5060;branch=z9hG4bK1"],
    "blanks around colon and semicolon": ["SIP/2.0/UDP ue.example : 5060 ; branch=z9hG4bK1"],
    "blanks around equals": ["SIP/2.0/UDP ue.example;branch = z9hG4bK1"],
    "list": ["SIP/2.0/UDP p.example;branch=z9hG4bK1, SIP/2.0/UDP ue.example:5062;branch=z9hG4bK2"],
    "two fields": ["SIP/2.0/UDP p.example:5061;branch=z9hG4bK1", "SIP/2.0/UDP ue.example;branch=z9hG4bK2"],
    "quoted parameter": ['SIP/2.0/UDP ue.example;x="a,b;branch=no";branch=z9hG4bK1'],
    "name in capitals": ["SIP/2.0/UDP ue.example;BRANCH=z9hG4bK1"],
    "fold": ["SIP/2.0/UDP\n ue.example\n ;branch=z9hG4bK1"],
    "received": ["SIP/2.0/UDP 192.0.2.1;received=2001:db8::1;branch=z9hG4bK1"],
    "host in capitals": ["SIP/2.0/UDP UE.Example:5060;branch=z9hG4bK1"],
}
_ADDRESSES = {
    "user of one letter": "<sip:a@home.example>;tag=1",
    "plain": "<sip:alice@home.example>;tag=1",
    "no brackets": "sip:alice@home.example;tag=1",
    "tokens": "A B <sip:alice@home.example>;tag=1",
    "token without blank": "A<sip:alice@home.example>;tag=1",
    "quoted": '"A" <sip:alice@home.example>;tag=1',
    "separators in quotes": '"A <sip:b@c>;tag=no, B" <sip:alice@home.example>;tag=1',
    "escapes in quotes": '"A \\"B\\" \\\\" <sip:alice@home.example>;tag=1',
    "scheme in capitals": "<SIP:alice@Home.Example>;tag=1",
    "password": "<sip:alice:secret@home.example>;tag=1",
    "semicolon in user": "<sip:alice;x=y@home.example>;tag=1",
    "escaped user": "<sip:alice%40b%3a@home.example>;tag=1",
    "IPv6": "<sip:alice@[2001:DB8::1]:5060>;tag=1",
    "tel": "<tel:+1-555-0100>;tag=1",
    "name in capitals": "<sip:alice@home.example>;TAG=1",
    "blanks": "<sip:alice@home.example> ; tag = 1",
    "fold": "<sip:alice@home.example>\n ;tag=1",
    "parameter before": '<sip:alice@home.example>;x="tag=no;tag=no";tag=1',
    "URI parameter": "<sip:alice@home.example;tag=no>;tag=1",
    "UTF-8": '"Zoë 登録" <sip:alice@home.example>;tag=1',
}
_CONTACTS = {
    "none": [],
    "star": ["*"],
    "plain": ["<sip:alice@192.0.2.1:5060>"],
    "expires": ["<sip:alice@192.0.2.1>;expires=600"],
    "no brackets": ["sip:alice@192.0.2.1;expires=600"],
    "list": ["<sip:alice@192.0.2.1>;expires=600, <sip:alice@192.0.2.2:5070>;expires=60"],
    "two fields": ["<sip:alice@192.0.2.1>;expires=600", "<sip:alice@192.0.2.2>"],
    "separators in quotes": ['"A, B; <C>" <sip:alice@192.0.2.1>;expires=600'],
    "quoted parameter": ['<sip:alice@192.0.2.1>;x="y;expires=1";expires=600'],
    "comma in quoted parameter": ['<sip:alice@192.0.2.1>;x="y, <z>";expires=600'],
    "instance": ['<sip:alice@192.0.2.1>;+sip.instance="<urn:gsma:imei:35425006-000655-0>";expires=600'],
    "blanks": ["<sip:alice@192.0.2.1> ; expires = 600"],
    "name in capitals": ["<sip:alice@192.0.2.1>;EXPIRES=600"],
    "URI headers": ["<sip:alice@192.0.2.1?X=y>;expires=600"],
    "IPv6": ["<sip:alice@[2001:db8::1]:5060>;expires=600"],
    "tel": ["<tel:+15550100>;expires=600"],
    "fold": ["<sip:alice@192.0.2.1>\n\t;expires=600"],
}
_CALL_IDS = {
    "plain": "c@ue.example",
    "no host": "c-1",
    "IPv6": "c@[2001:db8::1]",
    "odd characters": "a.!%*_+`'~()<>:\\\"/[]?{}@b",
}
_CSEQS = {
    "plain": "1 REGISTER",
    "zeros": "0007 REGISTER",
    "blanks": "1 \t REGISTER",
    "fold": "1\n REGISTER",
    "large": "2147483647 REGISTER",
}
_ANSWER = (
    'Digest username="a@home.example", realm="home.example", nonce="n=", uri="sip:home.example", algorithm=AKAv1-MD5, '
    'response="0123456789abcdef0123456789abcdef", qop=auth, nc=00000001, cnonce="c"'
)
_CREDENTIALS = {
    "none": [],
    "plain": [_ANSWER],
    "before a challenge": [
        'Digest uri="sip:home.example",username="a@home.example",response="",realm="home.example",nonce=""'
    ],
    "no blanks": ['Digest username="a",realm="r",nonce="n",uri="sip:h",response="00",opaque="o"'],
    "blanks": ['Digest username = "a" , realm = "r",  nonce ="n", uri= "sip:h", response="00"'],
    "names in capitals": ['DIGEST USERNAME="a", Realm="r", NONCE="n", Uri="sip:h", Response="00"'],
    "separators in quotes": ['Digest username="a, realm=no", realm="x;y=z", nonce="n", uri="sip:h", response="00"'],
    "escapes in quotes": ['Digest username="a\\"b", realm="r\\\\", nonce="n", uri="sip:h", response="00"'],
    "fold": ['Digest\n\tusername="a",\n realm="r",\n nonce="n", uri="sip:h", response="00"'],
    "auts": ['Digest username="a", realm="r", nonce="n", uri="sip:h", response="00", auts="ahyhP+4nDUkPnj7jAAA="'],
    "unknown parameter": ['Digest username="a", realm="r", other="nonce=no", nonce="n", uri="sip:h", response="00"'],
    "qop in quotes": [
        'Digest username="a", realm="r", nonce="n", uri="sip:h", response="00", qop="auth", nc=00000001, cnonce="c"'
    ],
}
_NAMES = ("long", "long", "compact", "lower case", "upper case", "blank before colon", "no blank after colon")


class Case(NamedTuple):
    """A message, and what a disagreement about a header of it is called."""

    octets: bytes
    called: Mapping[str, str]
    """By header, or the whole message under ""."""

    def name(self, field: str) -> str:
        """What a disagreement about a field is called."""
        return self.called.get("") or self.called[field.split()[0]]


def corpus() -> list[Case]:
    """Every message, the same in every run."""
    paths = [*data("vectors", "seed").glob("*.sip"), *data("vectors", "torture").glob("*.sip")]
    kept = [Case(path.read_bytes(), {"": f"{path.parent.name}/{path.name}"}) for path in sorted(paths)]
    return kept + [_made(Random(number)) for number in range(MADE)]


def _made(random: Random) -> Case:
    def draw(header: str, ways: Mapping[str, T]) -> T:
        way = random.choice(list(ways))
        called[header] = f"{header}: {way}"
        return ways[way]

    called: dict[str, str] = {}
    request = random.random() < 0.6
    first = (
        f"REGISTER {draw('request-uri', _URIS)} SIP/2.0" if request else f"SIP/2.0 {random.choice((200, 401, 423))} x"
    )
    called |= {"method": "start line", "status": "start line"}
    fields = [("Via", value) for value in draw("via", _VIAS)]
    fields += [("From", draw("from", _ADDRESSES)), ("To", draw("to", _ADDRESSES)), ("Max-Forwards", "70")]
    fields += [("Call-ID", draw("call-id", _CALL_IDS)), ("CSeq", draw("cseq", _CSEQS))]
    fields += [("Contact", value) for value in draw("contact", _CONTACTS)]
    fields += [("Authorization", value) for value in draw("authorization", _CREDENTIALS)] if request else []
    called.setdefault("authorization", "authorization: none")
    fields.append(("Content-Length", "0"))
    style = random.choice(_NAMES)
    lines = [first, *(_line(name, value, style) for name, value in fields), "", ""]
    if style == "blank before colon":
        called = dict.fromkeys(called, style)
    return Case(
        "\r\n".join(lines).replace("\n ", "\r\n ").replace("\n\t", "\r\n\t").replace("\r\r", "\r").encode(), called
    )


def _line(name: str, value: str, style: str) -> str:
    match style:
        case "compact":
            name = COMPACT.get(name, name)
        case "lower case":
            name = name.lower()
        case "upper case":
            name = name.upper()
        case "blank before colon":
            return f"{name} : {value}"
        case "no blank after colon":
            return f"{name}:{value}"
    return f"{name}: {value}"
