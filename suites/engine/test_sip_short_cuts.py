"""The parser's short cuts for what is written plainly find the same as its long ways, for anything that comes."""

import re
from collections.abc import Callable
from random import Random

import pytest

from imsreg.errors import ImsRegError
from imsreg.sip import head, start_line, uri
from imsreg.sip.errors import SyntaxFault
from imsreg.sip.fields import FieldTable
from imsreg.sip.params import Params, read_params
from imsreg.sip.uri import Uri

ROUNDS = 3000


def tried(read: Callable[[], object]) -> object:
    try:
        return read()
    except SyntaxFault as fault:
        return fault.why, fault.column
    except ImsRegError as error:
        return str(error)


def texts(seed: int, parts: list[str], longest: int) -> list[str]:
    random = Random(seed)
    return ["".join(random.choices(parts, k=random.randint(1, longest))) for _ in range(ROUNDS)]


def test_parameters() -> None:
    plain = 0
    for text in texts(1, [";", ";", "a", "B", "=", "=", '"', "\\", " ", "\t", ",", "<", "x.y", "\u00a0", "\n"], 8):
        long = tried(lambda text=text: read_params(text, 0, ";"))
        short = tried(lambda text=text: list(Params.read(text).all))
        assert short == long
        plain += isinstance(long, list)
    assert plain > ROUNDS / 20


def test_sip_uris() -> None:
    taken = 0
    for text in texts(2, ["a", "B", "@", ":", "5060", "[::1]", ";", "lr", "=", "?", "%41", ".", " ", "<", "\x00"], 7):
        for scheme in ("sip:", "SIPS:"):
            whole = scheme + text
            long = tried(lambda whole=whole, scheme=scheme: by_pieces(whole, scheme))
            assert tried(lambda whole=whole: reading(whole)) == long
            taken += uri._SIP_URI.fullmatch(whole) is not None
    assert taken > ROUNDS / 20


def reading(text: str) -> Uri:
    return uri._read(text)


def by_pieces(text: str, scheme: str) -> Uri:
    if bad := uri._NO_URI_CHARACTER.search(text):
        raise SyntaxFault(f"{uri.show(bad.group())} cannot be in a URI", bad.start() + 1)
    return uri._read_sip(text, scheme[:-1].lower(), len(scheme))


LINES = [b"a: b", b"v:c", b"x", b"\r\n", b"\r\n", b"\r\n", b"\n", b"\r", b" ", b"\t", b"\x00", b"\xff", b":", b"body"]


def test_heads_and_fields() -> None:
    random = Random(3)
    taken = 0
    for _ in range(ROUNDS):
        data = b"R sip:h SIP/2.0\r\n" + b"".join(random.choices(LINES, k=random.randint(1, 9)))
        plain, odd = head._cut_plain_head(data, 0), head._cut_odd_head(data, 0)
        table = FieldTable(odd.pieces, odd.plain)
        for name in {field.name for field in table.all()}:
            assert table.named(name) == tuple(each for each in table.all() if each.name.lower() == name.lower())
        if plain is not None:
            assert plain == odd
            assert FieldTable(plain.pieces, plain=False).all() == table.all()
            taken += 1
    assert taken > ROUNDS / 20


def test_start_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    parts = ["REGISTER", "SIP/2.0", "sip:h", " ", " ", " ", "\t", "200", "x", "(", "sip/2.0", "\n"]
    lines = [*texts(4, parts, 6), *(f"{a} {b} SIP/2.0" for a in parts for b in parts)]
    short = [tried(lambda line=line: start_line.parse_start_line(line)) for line in lines]
    monkeypatch.setattr(start_line, "TOKEN", re.compile("(?!)"))
    assert short == [tried(lambda line=line: start_line.parse_start_line(line)) for line in lines]
    assert sum(isinstance(each, start_line.RequestLine) for each in short) > 20
