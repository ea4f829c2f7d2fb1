"""Keys that a network let slip onto the wire stay out of every artefact.

A challenge carries CK and IK from the S-CSCF to the P-CSCF as the parameters ck and ik, and the P-CSCF removes them
(TS 33.203 6.1.1, TS 24.229 7.2A.1). Some networks forget to. Checks see the octets as they were; files show x.
"""

from __future__ import annotations

import re

from imsreg.text import safe_text

# Any place in a message will do, not just the challenge: a network that leaks may as well leak in a header of its own,
# in a body that quotes another message, or in something that cannot be framed as SIP. No repetition is followed by
# what it could match itself: the time is linear in the length.
_BLANKS = rb"(?:[ \t]|\r?\n[ \t])*"
# A quoted string may be folded, and may lack its closing quote.
_QUOTED = rb"""(?P<quoted>(?:\\[^\r\n]|[^"\\\r\n]|\\|\r(?!\n)|\r?\n[ \t])*)"""
_BARE = rb"""(?P<bare>[^\s",;][^\s,;]*+)"""
# The apostrophe may be part of a name, too, but more likely it is the quotation mark of a Python value in a log.
# One nonce in sixteen thousand ends in "/ck=" or "/ik=" by chance: after a slash behind much base64 it is no name.
_NAME = rb"(?<![A-Za-z0-9\-.!%*_+`~])(?<![A-Za-z0-9+/]{20}/)(?:ck|ik)"
_KEY = re.compile(_NAME + _BLANKS + b"=" + _BLANKS + b'(?:"' + _QUOTED + b"|" + _BARE + b")", re.IGNORECASE)
_MASKED = re.compile(rb"[^ \t\r\n]")


def redact(raw: bytes) -> bytes:
    """`raw` with every octet of the values of ck and ik replaced by "x": same length, same quotes, same folding."""
    return _KEY.sub(_mask, raw)


def redact_text(text: str) -> str:
    """The same for text; a character outside ASCII becomes as many x as it has octets in UTF-8."""
    return redact(text.encode("utf-8", "surrogatepass")).decode("utf-8", "surrogatepass")


def _mask(match: re.Match[bytes]) -> bytes:
    group = "bare" if match["quoted"] is None else "quoted"
    before = match.start(group) - match.start()
    return match[0][:before] + _MASKED.sub(b"x", match[group])


def presentable(value: str | bytes, *, limit: int, keep_newlines: bool = False) -> str:
    """`value` from the wire for people: keys masked before anything is cut, the rest as `safe_text` has it."""
    masked = redact(value) if isinstance(value, bytes) else redact_text(value)
    return safe_text(masked, limit=limit, keep_newlines=keep_newlines)
