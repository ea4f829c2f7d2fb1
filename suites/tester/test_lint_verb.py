"""`imsreg lint`: exit classes, what people see, what machines get, and hostile text."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from imsreg.cli import main
from imsreg.errors import ExitClass
from imsreg.paths import data

SEED = {n: data("vectors", "seed", f"{n}.sip") for n in ("S1", "S2", "S3", "S4", "S5")}


class Ended(NamedTuple):
    """How the verb ended."""

    code: int
    out: str
    err: str


Lint = Callable[..., Ended]


@pytest.fixture
def lint(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Lint:
    """Runs the verb in this process; octets are its standard input."""

    def run(*arguments: object, octets: bytes = b"") -> Ended:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(octets)))
        code = main(["lint", *map(str, arguments)])
        return Ended(code, *capsys.readouterr())

    return run


@pytest.mark.parametrize("name", SEED)
def test_the_seed_is_clean(lint: Lint, name: str) -> None:
    ended = lint(SEED[name])
    assert ended.code == ExitClass.CONFORMANT
    assert "1 message: 0 violations, " in ended.out
    assert ended.err == ""


def test_a_violation_stands_under_its_line_with_a_caret(lint: Lint, tmp_path: Path) -> None:
    file = tmp_path / "register.sip"
    file.write_bytes(SEED["S1"].read_bytes().replace(b"Max-Forwards: 70", b"Max-Forwards: 700"))
    ended = lint(file)
    assert ended.code == ExitClass.FAILED
    assert ended.out == (
        "message 1, line 1: REGISTER sip:test.3gpp.com SIP/2.0\n"
        "\n"
        "    7 | Max-Forwards: 700\n"
        "                      ^\n"
        "violation: '700' is above 255\n"
        "  right: a number from 0 to 255; 70 to begin with\n"
        "  max-forwards-range, RFC 3261 20.22\n"
        "\n"
        "1 message: 1 violation, 0 observations\n"
    )


def test_an_observation_is_no_failure(lint: Lint) -> None:
    ended = lint(SEED["S2"])
    assert ended.code == ExitClass.CONFORMANT
    assert "observation: 'spi-c=799251570' is not in Annex H" in ended.out
    assert ended.out.endswith("1 message: 0 violations, 3 observations\n")


def test_a_mail_on_standard_input(lint: Lint) -> None:
    text = (
        SEED["S1"].read_bytes().replace(b"\r\n", b"\n").rstrip()
        + b"\n\n"
        + SEED["S5"].read_bytes().replace(b"\r\n", b"\n")
    )
    mail = b"Look:\n" + b"".join(b"> " + line + b"\n" for line in text.splitlines())
    ended = lint("-", octets=mail)
    assert ended.code == ExitClass.CONFORMANT
    assert "message 1, line 2: REGISTER sip:test.3gpp.com SIP/2.0\n" in ended.out
    assert "  note: line ends are LF alone: read as CRLF\n" in ended.out
    assert "  note: '> ' before every line: taken away\n" in ended.out
    assert ended.out.endswith("2 messages: 0 violations, 0 observations\n")


def test_json_for_machines(lint: Lint) -> None:
    second = SEED["S4"].read_bytes().replace(b"nc=00000001", b"nc=1")
    ended = lint("-", "--json", octets=SEED["S2"].read_bytes() + second)
    assert ended.code == ExitClass.FAILED
    told = json.loads(ended.out)
    assert {key: told[key] for key in ("schema", "file", "violations", "observations")} == {
        "schema": 1,
        "file": "standard input",
        "violations": 1,
        "observations": 3,
    }
    assert [message["line"] for message in told["messages"]] == [1, 28]
    assert told["messages"][1] == {
        "line": 28,
        "start_line": "REGISTER sip:test.3gpp.com SIP/2.0",
        "notes": [],
        "findings": [
            {
                "rule": "parameter-grammar",
                "severity": "violation",
                "clause": "RFC 3261 25.1, RFC 7616 3.3, 3.4",
                "line": 43,
                "column": 6,
                "what": "the parameter nc ends too early",
                "right": "a lower-case hexadecimal digit next",
                "text": " nc=1,",
            }
        ],
    }


def test_hostile_text_reaches_no_terminal(lint: Lint) -> None:
    evil = "\x1b[31m\u202e\udcff".encode("utf-8", "surrogateescape")
    raw = SEED["S1"].read_bytes().replace(b"Max-Forwards: 70", b"Max-Forwards: " + evil + b"7")
    for options in ((), ("--json",)):
        ended = lint("-", *options, octets=raw)
        assert ended.code == ExitClass.FAILED
        assert all(character == "\n" or character.isprintable() for character in ended.out)
        assert "x1b[31m" in ended.out
    # The caret stands under what the escape stands for.
    line, caret = lint("-", octets=raw.replace(b"70:", b"70;")).out.split("\n")[2:4]
    assert line[caret.index("^") :].startswith("\\x1b")


def test_a_caret_behind_wide_escapes_and_in_a_long_line(lint: Lint) -> None:
    raw = SEED["S1"].read_bytes().replace(b"Expires: 7200", b"Organization: " + b"a" * 200 + b"\x01" + b"b" * 200)
    line, caret = lint("-", octets=raw).out.split("\n")[2:4]
    assert len(line) < 150
    assert line[caret.index("^") :].startswith("\\x01b")
    assert line.startswith("   16 | ...a")
    assert line.endswith("b...")


def test_keys_are_masked(lint: Lint) -> None:
    key = b"0123456789abcdef0123456789abcdef"
    raw = SEED["S3"].read_bytes().replace(b'qop="auth"', b'ck="' + key + b'", qop="auth", ck="' + key + b'"')
    for options in ((), ("--json",)):
        ended = lint("-", *options, octets=raw)
        assert ended.code == ExitClass.CONFORMANT
        assert key.decode() not in ended.out
        assert "duplicate-auth-parameter" in ended.out


@pytest.mark.parametrize(
    ("octets", "line"),
    [
        (b"", "imsreg: standard input: holds nothing; give a file with SIP messages\n"),
        (b"\n \n", "imsreg: standard input: holds nothing; give a file with SIP messages\n"),
        (b"\nhello\n", "imsreg: standard input: line 2: no SIP message: 'hello' is neither "),
        (b"\x00\xff" * 50, "imsreg: standard input: line 1: no SIP message: '\\x00\\xff"),
        (b"a: b\r\n" * 20_000, "imsreg: standard input: line 1: no SIP message: a message of 120000 octets"),
    ],
)
def test_what_is_no_message_is_one_line(lint: Lint, octets: bytes, line: str) -> None:
    ended = lint("-", octets=octets)
    assert ended.code == ExitClass.USAGE
    assert ended.out == ""
    assert ended.err.startswith(line)
    assert ended.err.count("\n") == 1


def test_a_file_that_cannot_be_read_is_one_line(lint: Lint, tmp_path: Path) -> None:
    for path in (tmp_path / "missing\x1b", tmp_path):
        ended = lint(path)
        assert ended.code == ExitClass.USAGE
        assert "cannot be read: " in ended.err
        assert "\x1b" not in ended.err
        assert ended.err.count("\n") == 1


def test_a_file_that_is_too_large_is_one_line(lint: Lint, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("imsreg.commands.lint.MAX_FILE", 100)
    (tmp_path / "large").write_bytes(b"x" * 101)
    ended = lint(tmp_path / "large")
    assert ended.code == ExitClass.USAGE
    assert "holds more than 100 octets" in ended.err
