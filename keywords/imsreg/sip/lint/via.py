"""Via (RFC 3261 8.1.1.7, 20.42; RFC 3581 3)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from imsreg.sip.errors import show
from imsreg.sip.lint.params import element_parameters, elements
from imsreg.sip.lint.source import Source
from imsreg.sip.lint.uris import host_and_port
from imsreg.sip.lint.violation import Violation
from imsreg.sip.message import Request

_COOKIE = "z9hG4bK"
_BLANKS = rb"[ \t\r\n]*"
_VIA = re.compile(
    rb"(?P<name>[^/ \t\r\n]+)"
    + _BLANKS
    + rb"/"
    + _BLANKS
    + rb"(?P<version>[^/ \t\r\n]+)"
    + _BLANKS
    + rb"/"
    + _BLANKS
    + rb"[^ \t\r\n]+[ \t\r\n]+(?P<host>\[[^\]]*\]|[^:; \t\r\n]+)(?:"
    + _BLANKS
    + rb":"
    + _BLANKS
    + rb"(?P<port>[0-9]+))?"
)


def via(source: Source) -> Iterator[Violation]:
    """Every hop; what only its sender can be blamed for, of the topmost Via of a request alone."""
    fresh = isinstance(source.message, Request)
    for field in source.good("Via"):
        for element in elements(field):
            match = _VIA.match(element.octets)
            assert match is not None
            if (match["name"].upper(), match["version"]) != (b"SIP", b"2.0"):
                what = f"the protocol is {show(match['name'] + b'/' + match['version'])}"
                yield source.find("via-protocol", element.at, what, "SIP/2.0")
            port = None if match["port"] is None else element.slice(*match.span("port"))
            yield from host_and_port(source, element.slice(*match.span("host")), port)
            found = {each.name: each for each in element_parameters(field, element)}
            branch, rport, received = found.get("branch"), found.get("rport"), found.get("received")
            if fresh and (branch is None or branch.value is None):
                yield source.find(
                    "via-branch", element.at, "the Via has no branch", f"a branch of its own, {_COOKIE}..."
                )
            if branch is not None and branch.value is not None and not branch.value.text.startswith(_COOKIE):
                what = f"the branch {show(branch.value.octets)} has no cookie"
                yield source.find("branch-cookie", branch.value.at, what, f"{_COOKIE} in front")
            if fresh and rport is not None and rport.value is not None:
                yield source.find(
                    "rport-value", rport.value.at, "rport has a value where it is asked for", "rport alone"
                )
            if received is not None and received.value is not None and received.value.octets.startswith(b"["):
                yield source.find("received-brackets", received.value.at, "brackets around an address", "none")
            fresh = False
