"""Text of the DUT that a test logs or fails with: it neither keeps Robot from writing its log nor runs in it.

The library's own keywords give safe text. But a test may read ``${response.reason}`` and log it: Robot Framework then
writes no output at all because of one lone surrogate, and takes a failure that begins with ``*HTML*`` for markup.
"""

from __future__ import annotations

from robot.result import Message

from imsreg.transcript.transcript import Transcript

MARKUP = "*HTML*"


def writable(text: str) -> str:
    """`text` with lone surrogates escaped: everything else Robot Framework can write."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def as_text(failure: str) -> str:
    """What a test or keyword failed with, words of ours in front of what Robot Framework would render."""
    return f"As text: {failure}" if failure.startswith(MARKUP) else failure


def defuse(message: Message) -> None:
    """Let the log show a failure as text. Its mark is off by now."""
    if message.html and message.level in ("FAIL", "SKIP"):
        message.html = False


def brings_markup(transcript: Transcript) -> bool:
    """Whether the DUT has sent what Robot Framework would render: a test's own markup is left alone."""
    return any(not entry.sent and MARKUP.encode() in entry.raw for entry in transcript.entries)
