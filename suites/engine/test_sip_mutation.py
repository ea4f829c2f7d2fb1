"""Every named mutation: what exactly it changes, and what it refuses."""

import pytest

from imsreg.errors import InputError
from imsreg.sip.draft import Draft
from imsreg.sip.message import Request, parse
from imsreg.sip.mutation import MUTATIONS, descriptions, mutate
from imsreg.sip.uri import Uri, equivalent

HEAD = (
    b"REGISTER sip:home SIP/2.0\r\n"
    b"Via: SIP/2.0/UDP a;branch=z9hG4bK1, SIP/2.0/UDP b;rport\r\n"
    b"v: SIP/2.0/UDP c\r\n"
    b"To: <sip:+a1@home;x=1>;tag=t\r\n"
    b'Authorization: Digest username="u, v", nc=00000001, realm="home"\r\n'
    b'Authentication-Info: nc=1,qop="auth"\r\n'
    b"CSeq: 1 REGISTER\r\n"
    b"Content-Length: 2\r\n"
    b"\r\nab"
)
VIA = b"Via: SIP/2.0/UDP a;branch=z9hG4bK1, SIP/2.0/UDP b;rport\r\nv: SIP/2.0/UDP c\r\n"
TO, CSEQ = b"To: <sip:+a1@home;x=1>;tag=t", b"CSeq: 1 REGISTER"
AUTH, INFO = b'Digest username="u, v", nc=00000001, realm="home"', b'nc=1,qop="auth"'

# name, arguments, what was there, what is there now: once each
CASES: list[tuple[str, dict[str, object], bytes, bytes]] = [
    ("drop-header", {"header": "t"}, TO + b"\r\n", b""),
    ("insert-header", {"header": "X Y"}, b"Content-Length: 2", b"Content-Length: 2\r\nX Y: "),
    ("insert-header", {"header": "X", "value": "1", "at": "-2"}, b"Content", b"X: 1\r\nContent"),
    ("insert-header", {"header": "X", "value": "1", "at": "0"}, b"Via: ", b"X: 1\r\nVia: "),
    ("duplicate-header", {"header": "CSeq"}, CSEQ, CSEQ + b"\r\n" + CSEQ),
    ("duplicate-header", {"header": "CSeq", "value": 5}, CSEQ, CSEQ + b"\r\nCSeq: 5"),
    ("rename-header", {"header": "CSeq", "name": "C Seq"}, b"CSeq:", b"C Seq:"),
    ("move-header", {"header": "CSeq", "at": "0"}, HEAD[27:-25], CSEQ + b"\r\n" + HEAD[27:-43]),
    ("move-header", {"header": "CSeq", "at": -1}, CSEQ + b"\r\nContent-Length: 2", b"Content-Length: 2\r\n" + CSEQ),
    ("split-header", {"header": "Via"}, b", SIP/2.0/UDP b", b"\r\nVia: SIP/2.0/UDP b"),
    ("join-header", {"header": "v"}, b"rport\r\nv: ", b"rport, "),
    ("compact-header", {"header": "Via"}, b"Via:", b"v:"),
    ("space-before-colon", {"header": "To", "blanks": " \t"}, b"To:", b"To \t:"),
    ("drop-colon", {"header": "To"}, b"To:", b"To"),
    ("change-value", {"header": "CSeq", "value": "x"}, b"1 REGISTER", b"x"),
    ("drop-value", {"header": "Via"}, b"SIP/2.0/UDP a;branch=z9hG4bK1, ", b""),
    ("drop-value", {"header": "Via", "index": "-1"}, b", SIP/2.0/UDP b;rport", b""),
    ("drop-value", {"header": "CSeq"}, b"1 REGISTER", b""),
    ("duplicate-value", {"header": "Via", "index": 1}, b"b;rport", b"b;rport, SIP/2.0/UDP b;rport"),
    (
        "reverse-values",
        {"header": "Via"},
        VIA,
        b"Via: SIP/2.0/UDP c, SIP/2.0/UDP b;rport\r\nv: SIP/2.0/UDP a;branch=z9hG4bK1\r\n",
    ),
    ("recase-value", {"header": "CSeq"}, b"1 REGISTER", b"1 register"),
    ("fold-header", {"header": "CSeq"}, b"1 REGISTER", b"1\r\n REGISTER"),
    ("fold-header", {"header": "CSeq", "blank": "tab"}, b"1 REGISTER", b"1\r\n\tREGISTER"),
    ("fold-header", {"header": "To"}, b"To: ", b"To: \r\n "),
    ("recode-value", {"header": "CSeq", "encoding": "utf-16-be"}, b"1 REGISTER", "1 REGISTER".encode("utf-16-be")),
    ("escape-user", {"header": "To"}, b"+a1", b"+%611"),
    ("change-body", {"body": "xyz"}, b"2\r\n\r\nab", b"3\r\n\r\nxyz"),
    ("change-length", {"by": "-1"}, b"Length: 2", b"Length: 1"),
    ("add-parameter", {"header": "To", "name": "x"}, b"tag=t", b"tag=t;x"),
    ("add-parameter", {"header": "Authorization", "name": "x", "value": '"1"'}, AUTH, AUTH + b', x="1"'),
    ("change-parameter", {"header": "To", "name": "TAG", "value": "u"}, b"tag=t", b"tag=u"),
    ("change-parameter", {"header": "Authorization", "name": "username", "value": 'a"'}, b'"u, v"', b'"a\\""'),
    ("change-parameter", {"header": "Via", "name": "rport", "value": "5"}, b"b;rport", b"b;rport=5"),
    ("change-parameter", {"header": "Authentication-Info", "name": "nc", "value": "2"}, INFO, b'nc=2,qop="auth"'),
    ("drop-parameter", {"header": "To", "name": "tag"}, b";tag=t", b""),
    ("drop-parameter", {"header": "Authorization", "name": "nc"}, b", nc=00000001", b""),
    ("drop-parameter", {"header": "Authorization", "name": "username"}, b'username="u, v", ', b""),
    ("drop-parameter", {"header": "Authentication-Info", "name": "nc"}, INFO, b'qop="auth"'),
    ("duplicate-parameter", {"header": "To", "name": "tag"}, b";tag=t", b";tag=t;tag=t"),
    ("duplicate-parameter", {"header": "Authorization", "name": "nc", "value": "2"}, b"01,", b"01, nc=2,"),
    ("rename-parameter", {"header": "Authorization", "name": "realm", "new": "relm"}, b"realm", b"relm"),
    ("requote-parameter", {"header": "Authorization", "name": "nc"}, b"nc=00000001", b'nc="00000001"'),
    ("requote-parameter", {"header": "Authorization", "name": "username"}, b'"u, v"', b"u, v"),
    ("requote-parameter", {"header": "Via", "name": "rport"}, b"b;rport", b'b;rport=""'),
    ("change-start-line", {"value": "x"}, b"REGISTER sip:home SIP/2.0", b"x"),
    ("change-method", {"method": "register"}, b"REGISTER sip", b"register sip"),
    ("change-request-uri", {"uri": "<sip:home>"}, b" sip:home ", b" <sip:home> "),
    ("change-version", {"version": "SIP/3.0"}, b"home SIP/2.0", b"home SIP/3.0"),
    ("truncate", {"octets": "-4"}, b"\r\nab", b""),
    ("replace-bytes", {"old": b"\r\n\r\n", "new": "\n\n"}, b"\r\n\r\n", b"\n\n"),
    ("insert-bytes", {"at": "3", "octets": b"\x00"}, b"REGISTER sip", b"REG\x00ISTER sip"),
    ("insert-bytes", {"at": -1, "octets": "\udcff"}, b"ab", b"a\xffb"),
    ("delete-bytes", {"at": "-2"}, b"\r\nab", b"\r\nb"),
    ("delete-bytes", {"at": 0, "count": "9"}, b"REGISTER sip:", b"sip:"),
    ("flip-bit", {"at": 0, "bit": "5"}, b"REGISTER sip", b"rEGISTER sip"),
    ("flip-bit", {"at": "-1"}, b"ab", b"ac"),
    ("prepend-bytes", {}, b"REGISTER sip", b"\r\n\r\nREGISTER sip"),
    ("append-bytes", {"octets": "cd"}, b"\r\nab", b"\r\nabcd"),
    ("drop-empty-line", {}, b"\r\n\r\n", b"\r\n"),
]


@pytest.mark.parametrize(("name", "arguments", "old", "new"), CASES)
def test_each_mutation_changes_exactly_one_thing(
    name: str, arguments: dict[str, object], old: bytes, new: bytes
) -> None:
    draft = Draft.of(parse(HEAD))
    assert HEAD.count(old) == 1
    assert mutate(draft, name, **arguments) == HEAD.replace(old, new)
    assert draft.to_bytes() == HEAD


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("compact-names", HEAD.replace(b"Via:", b"v:").replace(b"To:", b"t:").replace(b"Content-Length:", b"l:")),
        ("bare-lf", HEAD.replace(b"\r\n", b"\n")),
        ("bare-cr", HEAD.replace(b"\r\n", b"\r")),
    ],
)
def test_mutations_of_the_whole_head(name: str, expected: bytes) -> None:
    assert mutate(Draft.of(parse(HEAD)), name) == expected


def test_names_in_the_other_case() -> None:
    recased = mutate(Draft.of(parse(HEAD)), "recase-names")
    assert recased == (
        HEAD.replace(b"Via:", b"vIA:").replace(b"\r\nv:", b"\r\nV:").replace(b"To:", b"tO:").replace(b"CSeq:", b"csEQ:")
    ).replace(b"Authorization:", b"aUTHORIZATION:").replace(b"Authentication-Info:", b"aUTHENTICATION-iNFO:").replace(
        b"Content-Length:", b"cONTENT-lENGTH:"
    )


@pytest.mark.parametrize("name", ["reverse-headers", "fold-headers", "compact-names", "recase-names"])
def test_what_means_the_same_is_read_as_the_same(name: str) -> None:
    before = parse(HEAD)
    after = parse(mutate(Draft.of(before), name))
    assert after.defects == ()
    assert {each.name: after.values(each.name) for each in after.headers} == {
        each.name: before.values(each.name) for each in before.headers
    }


def test_headers_in_the_reverse_order_keep_the_order_within_a_name() -> None:
    after = parse(mutate(Draft.of(parse(HEAD)), "reverse-headers"))
    assert [each.name_raw for each in after.headers] == [
        *("Content-Length", "CSeq", "Authentication-Info", "Authorization", "To", "Via", "v"),
    ]


def test_split_and_joined_lists_hold_the_same_values() -> None:
    split = parse(mutate(Draft.of(parse(HEAD)), "split-header", header="Via"))
    joined = parse(mutate(Draft.of(split), "join-header", header="Via"))
    assert (len(split.fields("Via")), len(joined.fields("Via"))) == (3, 1)
    assert split.values("Via") == joined.values("Via") == parse(HEAD).values("Via")


@pytest.mark.parametrize("value", ["<sips:alice@h>", "sip:%41lice@h", '"sip:x" <sip:$a@h>'])
def test_an_escaped_user_is_the_same_user(value: str) -> None:
    before = Draft.of(parse(HEAD)).set("To", value)
    after = parse(mutate(before, "escape-user", header="To")).value("To") or ""
    assert after.count("%") == value.count("%") + 1

    def uri(text: str) -> Uri:
        return Uri.parse(text.rpartition("<")[2].rstrip(">"))

    assert equivalent(uri(after), uri(value))


def test_a_response_has_a_status_and_a_version() -> None:
    ok = Draft.response(200)
    assert mutate(ok, "change-status", status="2000").startswith(b"SIP/2.0 2000 OK\r\n")
    assert mutate(ok, "change-version", version="SIP/1.0").startswith(b"SIP/1.0 200 OK\r\n")


def test_every_mutation_is_tested_and_says_its_arguments_on_one_line() -> None:
    others = {"compact-names", "bare-lf", "bare-cr", "recase-names", "reverse-headers", "fold-headers", "change-status"}
    assert {name for name, *_ in CASES} | others == set(MUTATIONS)
    for name, described in descriptions():
        assert described.endswith("."), name
        assert "\n" not in described, name


@pytest.mark.parametrize(
    ("name", "arguments", "text"),
    [
        ("set-fire", {}, "mutation: set-fire: is unknown; choose one of drop-header"),
        ("drop-header", {"header": "Path"}, "mutation drop-header: Path: the message has no such header"),
        ("drop-header", {"haeder": "Via"}, "does not take these arguments"),
        ("change-value", {"header": "CSeq", "value": "1 REGISTER"}, "changes nothing"),
        ("split-header", {"header": "CSeq"}, "mutation split-header: CSeq: is no list of values"),
        ("split-header", {"header": "Path"}, "the message has no such header"),
        ("join-header", {"header": "To"}, "is no list of values"),
        ("drop-value", {"header": "Via", "index": "2"}, "2 is no place in a list of 2; 0 is the first"),
        ("drop-value", {"header": "Via", "index": "first"}, "'first' is no number; give a whole number"),
        ("fold-header", {"header": "Via", "blank": "newline"}, "'newline' begins no line; choose space or tab"),
        ("recode-value", {"header": "Via", "encoding": "ebcdic-x"}, "unknown encoding"),
        ("drop-parameter", {"header": "To", "name": "x"}, "To has no such parameter; name one that it has"),
        ("drop-parameter", {"header": "Authorization", "name": "v"}, "Authorization has no such parameter"),
        ("change-status", {"status": 1}, "the message is a request; take a response"),
        ("truncate", {"octets": 10000}, "changes nothing"),
        ("truncate", {"octets": "all"}, "'all' is no number"),
        ("replace-bytes", {"old": "zzz", "new": ""}, "'zzz' is not in the message"),
        ("replace-bytes", {"old": "", "new": "x"}, "'' is not in the message"),
        ("insert-bytes", {"at": 10000, "octets": "x"}, "10000 is no place in"),
        ("delete-bytes", {"at": 0, "count": -5}, "changes nothing"),
        ("flip-bit", {"at": 0, "bit": 8}, "there is no bit 8 of octet 0; bits are 0 to 7"),
        ("flip-bit", {"at": len(HEAD)}, "there is no bit 0"),
    ],
)
def test_a_mutation_that_cannot_be_is_refused_in_one_line(name: str, arguments: dict[str, object], text: str) -> None:
    with pytest.raises(InputError) as raised:
        mutate(Draft.of(parse(HEAD)), name, **arguments)
    assert text in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_response_has_no_request_line() -> None:
    with pytest.raises(InputError, match="the message is a response; take a request"):
        mutate(Draft.response(200), "change-method", method="X")


def test_what_has_one_form_only_cannot_be_joined_or_compacted() -> None:
    draft = Draft.request("REGISTER", "sip:h").add("Supported", "path").add("CSeq", "1 REGISTER")
    assert isinstance(draft.to_message(), Request)
    for name, header in (("join-header", "Supported"), ("split-header", "Supported"), ("compact-header", "CSeq")):
        with pytest.raises(InputError, match="changes nothing"):
            mutate(draft, name, header=header)
