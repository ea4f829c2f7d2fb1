"""The start line: what makes octets a SIP request or a SIP response (RFC 3261 7.1, 7.2)."""

from __future__ import annotations

import re
from typing import NamedTuple

from imsreg.sip.defects import TOKEN, Defect
from imsreg.sip.errors import MessageError, show


class RequestLine(NamedTuple):
    """`METHOD SP Request-URI SP SIP-Version`. The URI is as written, with any blanks inside it."""

    method: str
    uri: str
    version: str


class StatusLine(NamedTuple):
    """`SIP-Version SP Status-Code SP Reason-Phrase`. The reason may be empty."""

    version: str
    status: int
    reason: str


# Request-Line = Method SP Request-URI SP SIP-Version CRLF, with any number of blanks. A Request-URI that holds blanks
# is told apart by what stands at the two ends.
_REQUEST = re.compile(
    r"[ \t]*+(?P<method>[^ \t]++)[ \t]++(?P<uri>[^ \t].*)(?<=[ \t])(?P<version>(?i:SIP)/[0-9]+\.[0-9]+)", re.DOTALL
)
# Status-Line = SIP-Version SP Status-Code SP Reason-Phrase CRLF. A status of up to ten digits is described,
# not refused.
_STATUS = re.compile(
    r"[ \t]*+(?P<version>(?i:SIP)/[0-9]+\.[0-9]+)[ \t]++(?P<status>[0-9]{1,10})(?P<reason>(?:[ \t].*)?)", re.DOTALL
)

_STATUS_PARTS = re.compile(r"[^ \t]+ [0-9]+(?P<space> ?)")
_CLAUSES = "RFC 3261 7.1, 7.2"


def parse_start_line(text: str) -> RequestLine | StatusLine:
    """The parts of a start line. Raises MessageError if it is neither of the two."""
    parts = text.split(" ")
    # A request line to the letter needs no search.
    if len(parts) == 3 and parts[1] and parts[2] == "SIP/2.0" and TOKEN.fullmatch(parts[0]) and "\t" not in text:
        return RequestLine(*parts)
    if status := _STATUS.fullmatch(text):
        return StatusLine(status["version"], int(status["status"]), status["reason"].strip(" \t"))
    if request := _REQUEST.fullmatch(text.rstrip(" \t")):
        return RequestLine(request["method"], request["uri"].strip(" \t"), request["version"])
    if not text.strip():
        raise MessageError("there is no start line: nothing but blanks and line ends came", 1)
    raise MessageError(
        f"{show(text)} is neither 'METHOD Request-URI SIP/2.0' nor 'SIP/2.0 status reason' ({_CLAUSES}); "
        "check that the peer speaks SIP on this port and transport",
        1,
    )


def start_line_defects(text: str) -> list[Defect]:
    """What a start line that could be parsed has beside the letter of RFC 3261 7.1 and 7.2."""
    parsed = parse_start_line(text)
    found: list[Defect] = []

    def note(what: str) -> None:
        found.append(Defect(what, 1, _CLAUSES))

    if isinstance(parsed, RequestLine):
        if text != " ".join(parsed):
            note("the parts of the request line are not separated by exactly one space each")
        if not TOKEN.fullmatch(parsed.method):
            note(f"the method {show(parsed.method)} is no token")
        if re.search(r"[ \t]", parsed.uri):
            note("the Request-URI holds blanks")
        if parsed.uri.startswith("<"):
            note("the Request-URI is enclosed in angle brackets")
    else:
        parts = _STATUS_PARTS.match(text)
        code = text.split()[1]
        if parts is None:
            note("the parts of the status line are not separated by exactly one space each")
        elif not parts["space"]:
            note("no space follows the status code")
        if len(code) != 3:
            note(f"the status code {show(code)} is not three digits")
    if parsed.version.upper() != "SIP/2.0":
        note(f"the version is {show(parsed.version)}, not SIP/2.0")
    elif parsed.version != "SIP/2.0":
        note(f"the version is written {show(parsed.version)}, not in upper case")
    return found
