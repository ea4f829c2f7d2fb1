"""What a DUT may send without harm: the tester lives, gives its verdict, and writes reports in which nothing runs."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any
from xml.etree import ElementTree

import pytest
from robotlog import executable, log_strings
from scripted import call_id, reply, udp_dut, write_profile

from imsreg.errors import ExitClass
from imsreg.robot.run import RunOptions, run
from imsreg.tester.settings import Settings
from imsreg.text import safe_text

pytestmark = pytest.mark.slow  # the run that all of them look at

SCRIPT = b"<script>alert(1)</script><img src=x onerror=alert(1)>"
SURROGATES = b"\xed\xb2\x80\xed\xa0\x80\xff"  # U+DC80, U+D800 as octets, and what is no UTF-8 at all
BIDI = "\u202egnp.exe\u2066\u200b".encode()
CHALLENGE = b'WWW-Authenticate: Digest realm="%s", nonce="%s", algorithm=AKAv1-MD5, qop="auth"'

NO_ANSWER = r"INCONCLUSIVE no-answer: .*what came \(\d+\) is unreadable or answers no request"
ANSWERED = r"(?s).*(Unauthorized|TS 24\.229 5\.4\.1\.2\.1|INCONCLUSIVE|Header X-Evil)"

PAYLOADS: dict[str, tuple[Callable[[bytes], list[bytes]], str]] = {
    "markup in the reason": (lambda r: [reply(r, b"SIP/2.0 500 *HTML*" + SCRIPT)], ANSWERED),
    "markup in header fields": (
        lambda r: [reply(r, b"SIP/2.0 401 Unauthorized", CHALLENGE % (SCRIPT, SCRIPT), b"X-Evil: *HTML*" + SCRIPT)],
        ANSWERED,
    ),
    "markup in a name": (lambda r: [reply(r, b"SIP/2.0 401 Unauthorized", SCRIPT + b": 1")], ANSWERED),
    "lone surrogates": (lambda r: [reply(r, b"SIP/2.0 500 " + SURROGATES, b"X-Evil: " + SURROGATES)], ANSWERED),
    "bidi and blank characters": (lambda r: [reply(r, b"SIP/2.0 500 " + BIDI, b"X-Evil: " + BIDI)], ANSWERED),
    "NUL and terminal commands": (
        lambda r: [reply(r, b"SIP/2.0 500 \0\x1b]0;x\x07\x1b[2J", b"X-Evil: \0\x9b")],
        ANSWERED,
    ),
    "CDATA and entities": (lambda r: [reply(r, b"SIP/2.0 500 ]]>&lt;&#0;<!--", b"X-Evil: ]]>")], ANSWERED),
    "a reason of 64 KiB": (lambda r: [reply(r, b"SIP/2.0 500 " + b"x" * 64_000)], NO_ANSWER),
    "a reason of 8 KB": (lambda r: [reply(r, b"SIP/2.0 500 " + b"x" * 8_000)], ANSWERED),
    "300 header fields": (lambda r: [reply(r, b"SIP/2.0 401 U", *(b"X-%d: y" % i for i in range(300)))], NO_ANSWER),
    "200 challenges": (
        lambda r: [reply(r, b"SIP/2.0 401 U", *(CHALLENGE % (b"r%d" % i, b"bm9uY2U=") for i in range(200)))],
        ANSWERED,
    ),
    "a datagram of zeros": (lambda r: [b"\0" * 65_507], NO_ANSWER),
    "garbage": (lambda r: [Random(len(r)).randbytes(2_000)], NO_ANSWER),
    "another protocol": (lambda r: [reply(r, b"HTTP/1.1 401 Unauthorized")], NO_ANSWER),
    "a status of letters": (lambda r: [reply(r, b"SIP/2.0 4O1 Unauthorized")], NO_ANSWER),
    "a status of many digits": (lambda r: [reply(r, b"SIP/2.0 " + b"4" * 5_000 + b" U")], NO_ANSWER),
    "the request itself": (lambda r: [r], NO_ANSWER),
    "another branch": (lambda r: [reply(r).replace(b"branch=z9hG4bK", b"branch=z9hG4bKx")], NO_ANSWER),
    "another CSeq method": (lambda r: [reply(r).replace(b" REGISTER\r\n", b" INVITE\r\n")], NO_ANSWER),
    "a length that lies": (lambda r: [reply(r).replace(b"Content-Length: 0", b"Content-Length: -9")], ANSWERED),
    "brackets without end": (
        lambda r: [reply(r, b"SIP/2.0 401 U", b"WWW-Authenticate: Digest " + b'"(<' * 2_000)],
        ANSWERED,
    ),
}
SUITE = """\
*** Settings ***
Library           ImsRegLibrary
Test Setup        Power On UE
Test Teardown     Power Off UE
Test Template     Read What The DUT Sends

*** Keywords ***
Read What The DUT Sends
    [Documentation]    As a test may do, raw values included.
    [Arguments]    ${payload}
    Send Initial Register
    ${response}=    Expect Final Response
    Log    ${response.reason}
    Run Keyword And Continue On Failure    Should Be Equal    ${response.reason}    Unauthorized
    Run Keyword And Continue On Failure    Get Header    ${response}    X-Evil    ==    nothing
    ${values}=    Get Headers    ${response}    WWW-Authenticate
    FOR    ${value}    IN    @{values}
        Log    ${value}
    END
    Requirements Should Hold

*** Test Cases ***
"""


class Hostile:
    """The results of one run in which each test met another payload."""

    def __init__(self, output: Path, code: ExitClass) -> None:
        self.output = output
        self.code = code
        records = [json.loads(line) for line in (output / "journal.jsonl").read_bytes().splitlines()]
        self.messages = {r["test"].partition(": ")[2]: r["message"] for r in records if r["record"] == "test"}


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Hostile:
    directory = tmp_path_factory.mktemp("hostile")
    suites = directory / "suites"
    suites.mkdir()
    tests = "".join(f"{name}\n    [Tags]    req:24.229-5.4.1.2.1-01\n    {name}\n" for name in PAYLOADS)
    (suites / "hostile.robot").write_text(SUITE + tests, encoding="utf-8")
    seen: list[bytes] = []

    def answers(request: bytes) -> list[bytes]:
        if call_id(request) not in seen:
            seen.append(call_id(request))
        return list(PAYLOADS.values())[seen.index(call_id(request))][0](request)

    with udp_dut(answers) as (_, address):
        settings = Settings(profile=write_profile(directory, address, t1=0.004), output=directory / "out")
        return Hostile(settings.output, run([settings], RunOptions(suites=suites)))


@pytest.mark.parametrize("payload", PAYLOADS)
def test_the_test_ends_with_its_verdict(hostile: Hostile, payload: str) -> None:
    assert re.match(PAYLOADS[payload][1], hostile.messages[payload])


def test_the_run_ends_with_every_report(hostile: Hostile) -> None:
    assert hostile.code is ExitClass.FAILED
    present = {path.name for path in hostile.output.iterdir()}
    assert present >= {
        "log.html",
        "report.html",
        "output.xml",
        "junit.xml",
        "journal.jsonl",
        "verdicts.json",
        "evidence",
    }
    assert len(list(hostile.output.glob("evidence/*/*"))) == 3 * len(PAYLOADS)


@pytest.mark.parametrize("page", ["log.html", "report.html"])
def test_nothing_in_robots_pages_runs(hostile: Hostile, page: str) -> None:
    strings = log_strings(hostile.output / page)
    assert [found for string in strings for found in executable(string)] == []
    assert any("*HTML*&lt;script&gt;alert(1)" in string for string in strings)


def test_nothing_in_the_matrix_and_the_ladders_runs(hostile: Hostile) -> None:
    matrix = executable((hostile.output / "matrix.html").read_text(encoding="utf-8"))
    assert set(matrix) <= {"<meta>", "<style>"}
    for picture in hostile.output.glob("evidence/*/ladder.svg"):
        for element in ElementTree.parse(picture).iter():
            assert element.tag.partition("}")[2] not in ("script", "a", "foreignObject", "image", "use")
            assert not [name for name in element.attrib if name.startswith("on") or name.endswith("href")]


@pytest.mark.parametrize(("name", "element"), [("output.xml", "test"), ("junit.xml", "testcase")])
def test_xml_is_xml(hostile: Hostile, name: str, element: str) -> None:
    assert len(list(ElementTree.parse(hostile.output / name).iter(element))) == len(PAYLOADS)


def strings_of(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [text for item in value.items() for text in strings_of(item)]
    if isinstance(value, list | tuple):
        return [text for item in value for text in strings_of(item)]
    return [value] if isinstance(value, str) else []


def test_texts_are_safe(hostile: Hostile) -> None:
    written = json.loads((hostile.output / "verdicts.json").read_text(encoding="utf-8"))
    for text in (*strings_of(written), *hostile.messages.values()):
        assert safe_text(text, limit=10**6, keep_newlines=True) == text
    for path in hostile.output.glob("evidence/*/transcript.txt"):
        text = path.read_text(encoding="utf-8")
        assert safe_text(text, limit=10**7, keep_newlines=True) == text


def test_a_message_begins_with_words_of_ours(hostile: Hostile) -> None:
    assert not [message for message in hostile.messages.values() if message.startswith("*HTML*")]
