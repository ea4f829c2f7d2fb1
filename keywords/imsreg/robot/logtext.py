"""Text of the DUT that a test logs or fails with: it brings no key into Robot's log, breaks nothing, and does not run.

The library's own keywords give safe text. But a test may read ``${response.reason}`` or ``${response.raw}`` and log it:
CK and IK stand in the raw challenge of a network that forgets to take them out; Robot Framework writes no output at all
because of one lone surrogate, and takes a failure that begins with ``*HTML*`` for markup.
"""

from __future__ import annotations

from robot.result import Message

from imsreg.transcript.redaction import redact_text
from imsreg.transcript.transcript import Transcript

MARKUP = "*HTML*"
OPENING = '<table class="imsreg"'
"""What our own block about a case begins with (see `logview`, which is loaded late)."""


def writable(text: str) -> str:
    """`text` with CK and IK masked and lone surrogates escaped: everything else Robot Framework can write."""
    return redact_text(text).encode("utf-8", "backslashreplace").decode("utf-8")


def as_text(failure: str) -> str:
    """What a test or keyword failed with, words of ours in front of what Robot Framework would render."""
    return f"As text: {failure}" if failure.startswith(MARKUP) else failure


def defuse(message: Message, *, markup: bool) -> None:
    """Make a log message harmless; `markup`: what it fails with may be of the DUT, and its mark is off by now."""
    if markup and message.level in ("FAIL", "SKIP"):
        message.html = False
    if message.message is not None and not message.html:
        message.message = writable(message.message)


def brings_markup(transcript: Transcript) -> bool:
    """Whether the DUT has sent what Robot Framework would render: a test's own markup is left alone."""
    return any(not entry.sent and MARKUP.encode() in entry.raw for entry in transcript.entries)
