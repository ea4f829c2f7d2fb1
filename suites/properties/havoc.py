"""Mutants of messages, each determined by a seed and a number: named mutations with drawn arguments, and havoc."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from random import Random

from imsreg.errors import InputError
from imsreg.paths import data
from imsreg.sip.draft import Draft
from imsreg.sip.message import MessageError, parse
from imsreg.sip.mutation import MUTATIONS, mutate
from imsreg.sip.names import COMPACT, LISTS
from imsreg.sip.reginfo import RegContact, Reginfo, RegistrationInfo, build_reginfo

NAMES = (*sorted(LISTS), *sorted(COMPACT), *COMPACT.values(), "Authorization", "WWW-Authenticate", "X-New", "", "A B")
TOKENS = ("tag", "branch", "expires", "q", "nonce", "nc", "qop", "received", "rport", "+sip.instance", "lr", "x", "")
VALUES = (
    *("", " ", "*", ",", ";", '"', "<", ">", "<>", '"\\', "=", "%", "%00", "\x00", "\udcff\udcfe", "\u2028", "a\r\n b"),
    *("0", "-1", "4294967296", "9" * 40, "1.0001", "0" * 30 + "1", "\u0661", "1e5"),
    *("sip:a@b", "<sip:a@[::1]>", "sip:[::1", "tel:+1-5", "<sip:a@b?x=y;z>", '"a, b" <sip:c@d>;e="f;g"', "data:,"),
    *("Digest", "Digest x", 'Digest nonce="a", nonce="b"', "SIP/2.0/UDP h:1;branch=z9hG4bK1", "1 REGISTER"),
    *(
        "," * 300,
        ";a=b" * 200,
        '"' * 99,
        "(" * 200,
        "<" * 500,
        "\\" * 333,
        "[" * 99,
        "a" * 8000,
        "=" * 400,
        "%41" * 900,
    ),
)
OCTETS = (
    *(b"\r\n", b"\n", b"\r", b"\r\n\r\n", b"\n\n", b"\r\n ", b"\r\n\t", b"\x00", b"\xff", b"\xc3", b"\xf0\x9f\x98\x80"),
    *(b",", b";", b":", b'"', b"<", b">", b"=", b"\\", b"(", b")", b"[", b"]", b"@", b"%", b"/", b" ", b"\t"),
    *(
        b"SIP/2.0 ",
        b"Content-Length: 5\r\n",
        b"l:99999\r\n",
        b"REGISTER sip:h SIP/2.0\r\n",
        b'="',
        b"<!DOCTYPE x>",
        b"&x;",
    ),
)
_NUMBERS = (0, 1, -1, 2, -2, 7, 255, 65536, 2**31)
_TOKEN = re.compile(rb"[A-Za-z0-9+.\-]{2,}")


def message_seeds() -> list[bytes]:
    """The messages that everything begins with: those of the tutorial and the torture set."""
    paths = [*sorted(data("vectors", "seed").glob("*.sip")), *sorted(data("vectors", "torture").glob("*.sip"))]
    return [path.read_bytes() for path in paths]


def reginfo_seeds() -> list[bytes]:
    """Documents that a registrar sends to its subscribers."""
    phone = RegContact("1", "active", "registered", "sip:a@192.0.2.1;ob", expires=600, q=0.5, display_name="A <b> & c")
    gone = RegContact("2", "terminated", "expired", "sip:a@[2001:db8::1]", callid="x", cseq=7)
    users = (RegistrationInfo("sip:a@h", "r1", "active", (phone, gone)), RegistrationInfo("tel:+1", "r2", "init", ()))
    return [build_reginfo(Reginfo(0, "full", users)), build_reginfo(Reginfo(4294967295, "partial", ()))]


class Mutator:
    """Draws mutants of a set of seeds. The same Random gives the same mutant."""

    def __init__(self, seeds: Sequence[bytes]) -> None:
        self._seeds = list(seeds)
        self._drafts = [Draft.of(parse(seed)) for seed in seeds if _is_message(seed)]
        # Signatures are read once: that is most of what a drawn argument costs.
        self._arguments = {name: tuple(inspect.signature(f).parameters)[1:] for name, f in MUTATIONS.items()}
        self._names = tuple(MUTATIONS)

    def draw(self, random: Random) -> tuple[str, bytes]:
        """What was done, and the octets that came of it: one named mutation, one or more steps of havoc, or both."""
        kind = random.random()
        if kind < 0.4 and self._drafts:
            done, octets = self._named(random)
            if kind > 0.1:
                return done, octets
        else:
            done, octets = "havoc", random.choice(self._seeds)
        return done, self._havoc(random, octets)

    def _named(self, random: Random) -> tuple[str, bytes]:
        draft = random.choice(self._drafts)
        name = random.choice(self._names)
        arguments = {each: _ARGUMENTS[each](random, draft) for each in self._arguments[name] if each != "octets"}
        if "octets" in self._arguments[name]:
            arguments["octets"] = random.randrange(-900, 1600) if name == "truncate" else random.choice(OCTETS)
        try:
            return name, mutate(draft, name, **arguments)
        except (InputError, MessageError):
            return f"{name}, refused", draft.to_bytes()

    def _havoc(self, random: Random, octets: bytes) -> bytes:
        for _ in range(1 << random.randrange(5)):
            octets = random.choice(_STEPS)(random, octets, self._seeds)
            if len(octets) > 70_000:
                return octets[:70_000]
        return octets


def _is_message(octets: bytes) -> bool:
    try:
        parse(octets)
    except MessageError:
        return False
    return True


def _header(random: Random, draft: Draft) -> str:
    if draft.fields and random.random() < 0.8:
        return random.choice(draft.fields).name
    return random.choice(NAMES)


def _value(random: Random, draft: Draft) -> str:
    return random.choice(draft.fields).value if draft.fields and random.random() < 0.2 else random.choice(VALUES)


_ARGUMENTS: Mapping[str, Callable[[Random, Draft], object]] = {
    "header": _header,
    **dict.fromkeys(("name", "new", "method", "version"), lambda random, _: random.choice(TOKENS)),
    **dict.fromkeys(("value", "uri", "body"), _value),
    "old": lambda random, _: random.choice((";", ":", "sip", "\r\n", " ", "SIP/2.0")),
    **dict.fromkeys(("at", "index", "by", "count", "bit", "status"), lambda random, _: random.choice(_NUMBERS)),
    "blank": lambda random, _: random.choice(("space", "tab", "none")),
    "blanks": lambda random, _: random.choice((" ", "\t", " " * 99, "\r\n ")),
    "encoding": lambda random, _: random.choice(("utf-16-be", "utf-16", "latin-1", "utf-7", "no-such-encoding")),
}
"""How the arguments of the named mutations are drawn, by their names."""


def _flip(random: Random, octets: bytes, _: Sequence[bytes]) -> bytes:
    if not octets:
        return b"\x00"
    at = random.randrange(len(octets))
    return octets[:at] + bytes((octets[at] ^ 1 << random.randrange(8),)) + octets[at + 1 :]


def _insert(random: Random, octets: bytes, _: Sequence[bytes]) -> bytes:
    at = random.randrange(len(octets) + 1)
    return octets[:at] + random.choice(OCTETS) + octets[at:]


def _delete(random: Random, octets: bytes, _: Sequence[bytes]) -> bytes:
    at, count = random.randrange(len(octets) + 1), 1 << random.randrange(8)
    return octets[:at] + octets[at + count :]


def _repeat(random: Random, octets: bytes, _: Sequence[bytes]) -> bytes:
    at, count = random.randrange(len(octets) + 1), 1 << random.randrange(8)
    return octets[:at] + octets[at : at + count] * (1 << random.randrange(7)) + octets[at + count :]


def _splice(random: Random, octets: bytes, seeds: Sequence[bytes]) -> bytes:
    other = random.choice(seeds)
    at, take = random.randrange(len(octets) + 1), random.randrange(len(other) + 1)
    return octets[:at] + other[take : take + (1 << random.randrange(10))] + octets[at:]


def _swap_lines(random: Random, octets: bytes, _: Sequence[bytes]) -> bytes:
    lines = octets.split(b"\r\n")
    one, other = random.randrange(len(lines)), random.randrange(len(lines))
    lines[one], lines[other] = lines[other], lines[one]
    return b"\r\n".join(lines)


def _replace_token(random: Random, octets: bytes, _: Sequence[bytes]) -> bytes:
    match = _TOKEN.search(octets, random.randrange(len(octets) + 1))
    if match is None:
        return octets
    return octets[: match.start()] + random.choice(VALUES).encode("utf-8", "surrogateescape") + octets[match.end() :]


_STEPS = (_flip, _flip, _insert, _insert, _delete, _repeat, _splice, _swap_lines, _replace_token)
