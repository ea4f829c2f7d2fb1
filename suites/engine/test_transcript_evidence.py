"""The files of a run: complete, readable, replaced whole, and without a key in any spelling."""

from __future__ import annotations

import base64
import itertools
from pathlib import Path

import pytest

from imsreg.errors import InputError
from imsreg.sip.flow import Address, Flow
from imsreg.transcript import evidence, textlog
from imsreg.transcript.evidence import slug, write_evidence
from imsreg.transcript.transcript import Transcript

FLOW = Flow("UDP", Address("127.0.1.7", 5064), Address("127.0.2.1", 5060))
STREAM = Flow("TCP", Address("127.0.1.7", 5064), Address("127.0.2.1", 5060), 2, "sa-1")
CANARY = b"c0ffee00112233445566778899abcdef"


def leaking() -> Transcript:
    """A network that forgets CK and IK in every way that it may write them."""
    transcript = Transcript(f'leak ck="{CANARY.decode()}"', 1_767_225_600.0, start=0.0)
    for flow, form in itertools.product(
        (FLOW, STREAM), (b'ck="%s",ik="%s"', b"CK=%s, IK=%s", b'ck\r\n ="%s",\r\n ik=%s')
    ):
        challenge = b'WWW-Authenticate: Digest nonce="n",' + form % (CANARY, CANARY)
        transcript.record(False, flow, b"SIP/2.0 401 x\r\n" + challenge + b"\r\nContent-Length: 0\r\n\r\n", 1.0)
    transcript.record(False, FLOW, b"X-Keys: ck=%s\r\n" % CANARY, 2.0)
    transcript.record(False, FLOW, b"SIP/2.0 200 ik=%s\r\nCSeq: ck=%s\r\n\r\nck=%s" % (CANARY, CANARY, CANARY), 2.0)
    transcript.note(f"seen: ik={CANARY.decode()}", 3.0)
    return transcript


def spellings(key: bytes) -> list[bytes]:
    octets = bytes.fromhex(key.decode())
    hexadecimal = key.decode()
    return [
        key,
        key.upper(),
        octets,
        octets[::-1],
        base64.b64encode(octets),
        base64.b64encode(key),
        base64.urlsafe_b64encode(octets),
        " ".join(hexadecimal[i : i + 2] for i in range(0, 32, 2)).encode(),
        ":".join(hexadecimal[i : i + 2] for i in range(0, 32, 2)).encode(),
        repr(octets).encode(),
        key.hex().encode(),
        hexadecimal[:16].encode(),
        hexadecimal[16:].encode(),
        str(int(hexadecimal, 16)).encode(),
    ]


def test_no_key_is_in_any_file(tmp_path: Path) -> None:
    made = write_evidence(tmp_path, leaking(), {1: f"Actual: ck={CANARY.decode()}"})
    for path in made.paths:
        octets = path.read_bytes()
        assert b"x" * 32 in octets, "the place of the key is still there"
        assert [spelling for spelling in spellings(CANARY) if spelling in octets] == []


def test_three_files_appear_and_nothing_else(tmp_path: Path) -> None:
    directory = tmp_path / "deep" / "evidence"
    made = write_evidence(directory, leaking())
    assert {path.name for path in directory.iterdir()} == {"transcript.txt", "wire.pcapng", "ladder.svg"}
    assert set(made.paths) == set(directory.iterdir())
    assert made.capture.read_bytes().startswith(b"\x0a\x0d\x0d\x0a")
    assert made.ladder.read_text("utf-8").startswith("<svg")
    before = made.text.read_text("utf-8")
    write_evidence(directory, Transcript("another", 0.0))
    assert made.text.read_text("utf-8") != before


def test_a_failed_write_leaves_the_old_file_and_no_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = write_evidence(tmp_path, leaking())
    before = made.text.read_bytes()

    def full(self: Path, octets: bytes) -> int:
        with self.open("wb") as file:
            file.write(octets[:10])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(InputError, match="cannot be written: No space left on device"):
        write_evidence(tmp_path, Transcript("another", 0.0))
    assert made.text.read_bytes() == before
    assert len(list(tmp_path.iterdir())) == 3


def test_a_directory_that_cannot_be_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot be written") as caught:
        write_evidence(tmp_path / "file" / "evidence", leaking())
    assert "\n" not in str(caught.value)


def test_the_log_shows_every_message_behind_a_bar() -> None:
    transcript = Transcript("A run", 1_767_225_600.0, start=0.0)
    transcript.peers["127.0.1.7"] = "UE"
    raw = b"SIP/2.0 200 OK\r\nX:  a \r\n\r\nMessage 9 at 1.0 s: forged\n"
    transcript.record(False, STREAM, raw, 0.5)
    transcript.note("advanced 300 s", 300.5, kind="clock")
    transcript.record(True, FLOW, b"\xff\x00junk", 301.0)
    transcript.dropped = 2
    assert textlog.render(transcript, {1: "MUST: x\nActual: y"}) == (
        "A run\n"
        "2026-01-01 00:00:00 UTC, 2 messages\n"
        "\n"
        "Message 1 at 0.500000 s: 127.0.2.1:5060 -> UE 127.0.1.7:5064, TCP connection 2, protected by sa-1, 53 octets\n"
        "  ! MUST: x\n"
        "  ! Actual: y\n"
        "  | SIP/2.0 200 OK\n"
        "  | X:  a \n"
        "  |\n"
        "  | Message 9 at 1.0 s: forged\n"
        "\n"
        "Clock at 300.500000 s: advanced 300 s\n"
        "\n"
        "Message 2 at 301.000000 s: UE 127.0.1.7:5064 -> 127.0.2.1:5060, UDP, 6 octets\n"
        f"  unreadable: {transcript.entries[1].error}\n"
        "  | \\xff\\x00junk\n"
        "\n"
        "2 more messages and events were not kept\n"
    )


def test_the_log_marks_retransmissions_and_cuts_what_is_long() -> None:
    transcript = Transcript("", 0.0)
    raw = (
        b"OPTIONS sip:a SIP/2.0\r\nX: "
        + b"y" * 7000
        + b"\r\nX: "
        + b"y" * 8000
        + b"\r\nX: "
        + b"y" * 8000
        + b"\r\n\r\n"
    )
    transcript.record(True, FLOW, raw, 0.0)
    transcript.record(True, FLOW, raw, 0.5)
    shown = textlog.render(transcript)
    assert "retransmission of message 1" in shown
    assert f"[{len(raw)} octets in all, sha256 " in shown
    assert len(shown) < 2 * textlog.MESSAGE_LIMIT + 1000


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Right Response Is Answered 200", "right-response-is-answered-200"),
        ("  two   blanks ", "two-blanks"),
        ("a/../../etc/passwd", "a-etc-passwd-6311065e"),
        ("a-b", "a-b-"),
        ("..", ""),
        ("", ""),
        ("Grüße", "gr-sse-"),
        ("\ud800\x00", ""),
        ("word " * 100, "word-word-word"),
    ],
)
def test_a_slug_is_a_safe_name(title: str, name: str) -> None:
    made = slug(title)
    assert made.startswith(name)
    assert 0 < len(made) <= 80
    assert set(made) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
    assert made.strip("-") == made


def test_titles_that_differ_have_names_that_differ() -> None:
    titles = ["a b", "a-b", "a_b", "a  b!", "ab", "", "é", "è", "x" * 80, "x" * 81, "x" * 82, "x" * 81 + "y"]
    assert len({slug(title) for title in titles}) == len(titles)
    assert slug("A  B") == slug("a b")
    assert evidence.slug("x" * 80) == "x" * 80
