"""The fields as tshark reads them from a capture with one datagram for each message."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from differential.fields import Fields, Values, authorization, host, ports, unquoted, uri, uri_text

from imsreg.sip.flow import Address, Flow
from imsreg.transcript.pcapng import write_capture
from imsreg.transcript.transcript import Transcript

FLOW = Flow("UDP", Address("192.0.2.1", 5060), Address("192.0.2.2", 5060))
_AUTHORIZATION = {
    "response": "digest.response",
    **{name: name for name in ("username", "realm", "nonce", "uri", "algorithm", "cnonce", "opaque", "qop", "nc")},
}
_ADDRESSES = {"request-uri": ("r-uri", "r-uri"), "from uri": ("from", "from.addr"), "to uri": ("to", "to.addr")}
"""The prefix of its parts, and the whole of it."""
_WANTED = (
    *("Method", "Status-Code", "Via.sent-by.address", "Via.sent-by.port", "Via.branch", "from.tag", "to.tag"),
    *("r-uri", "from.addr", "to.addr", "CSeq.seq", "CSeq.method", "Call-ID", "contact.uri", "contact.parameter"),
    *(f"{name}.{part}" for name, _ in _ADDRESSES.values() for part in ("user", "host", "port")),
    *(f"auth.{name}" for name in _AUTHORIZATION.values()),
    *("auth.auts", "Authorization"),
)
_EXPIRES = re.compile(r"\s*expires\s*=\s*(.*?)\s*", re.IGNORECASE | re.DOTALL)


def program() -> str | None:
    """Where tshark is, or None if it is not installed."""
    return shutil.which("tshark")


def read_all(messages: Sequence[bytes], folder: Path) -> list[Fields | None]:
    """The fields of each message; None where tshark finds no SIP."""
    transcript = Transcript("differential", 1_767_225_600.0, start=0.0)
    for number, octets in enumerate(messages):
        transcript.record(True, FLOW, octets, float(number))
    capture = folder / "messages.pcapng"
    capture.write_bytes(write_capture(transcript))
    command = [
        *("tshark", "-r", str(capture), "-T", "ek", "-d", "udp.port==5060,sip", "-Y", "udp"),
        *(argument for name in _WANTED for argument in ("-e", f"sip.{name}")),
        *("-e", "frame.number", "-e", "_ws.malformed"),
    ]
    lines = subprocess.run(command, check=True, capture_output=True).stdout.splitlines()
    found: list[Fields | None] = [None] * len(messages)
    for line in lines:
        layers = json.loads(line).get("layers")
        if layers:
            found[int(layers["frame_number"][0]) - 1] = _fields(layers)
    return found


def _fields(layers: Mapping[str, list[str]]) -> Fields | None:
    def get(name: str) -> list[str]:
        return layers.get(f"sip_{name.replace('.', '_')}", [])

    if not (get("Method") or get("Status-Code")):
        return None
    found: dict[str, Values] = {}
    if get("Method"):
        found["method"] = tuple(get("Method")[:1])
    else:
        found["status"] = tuple(get("Status-Code")[:1])
    for name, (prefix, whole) in _ADDRESSES.items():
        if name != "request-uri" or get("Method"):
            found[name] = tuple(_uri(text, prefix, get) for text in get(whole)[:1])
    found["via host"] = tuple(host(text) for text in get("Via.sent-by.address"))
    found["via port"] = ports(get("Via.sent-by.port"))
    found["via branch"] = tuple(get("Via.branch"))
    found["from tag"], found["to tag"] = tuple(get("from.tag")[:1]), tuple(get("to.tag")[:1])
    found["cseq"] = tuple(" ".join(pair) for pair in zip(get("CSeq.seq"), get("CSeq.method"), strict=False))[:1]
    found["call-id"] = tuple(get("Call-ID")[:1])
    found["contact uri"] = tuple(uri_text(text) for text in get("contact.uri"))
    parameters = (_EXPIRES.fullmatch(text) for text in get("contact.parameter"))
    found["contact expires"] = tuple(match[1] for match in parameters if match)
    # Those of challenges and of Authentication-Info have the same names.
    texts = {name: get(f"auth.{theirs}") for name, theirs in _AUTHORIZATION.items() if get("Authorization")}
    found["authorization"] = authorization({name: unquoted(text[0]) for name, text in texts.items() if text})
    found["authorization auts"] = tuple(unquoted(text) for text in get("auth.auts")[:1])
    return found


def _uri(text: str, prefix: str, get: Callable[[str], list[str]]) -> str:
    scheme = text.partition(":")[0]
    if scheme.lower() not in ("sip", "sips"):
        return text
    user, name, port = ((get(f"{prefix}.{part}") or [""])[0] for part in ("user", "host", "port"))
    return uri(scheme, user.partition(":")[0], name, port)  # its user is that with a password
