"""Which flow belongs to which request that a UE has written, although a test may have changed it since."""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

from imsreg.sip.draft import Draft
from imsreg.sip.errors import MessageError
from imsreg.sip.flow import Flow
from imsreg.sip.message import Message, Request, parse

MAX_DRAFTS = 16
"""Requests that are remembered; of more the oldest is forgotten."""


class _Noted(NamedTuple):
    draft: Draft
    mark: tuple[str | None, str | None]
    flow: Flow


class Drafts:
    """The REGISTER requests of one UE, newest last."""

    def __init__(self) -> None:
        self._noted: deque[_Noted] = deque(maxlen=MAX_DRAFTS)

    def note(self, draft: Draft, flow: Flow) -> None:
        """A request was written for this flow."""
        self._noted.append(_Noted(draft, _mark(draft), flow))

    def flow(self, message: Draft | Request | bytes) -> Flow | None:
        """The flow of a request: the object that was noted, else the same Call-ID and CSeq, else that of the newest."""
        mark = _mark(_read(message))
        for matches in (lambda each: each.draft is message, lambda each: each.mark == mark, lambda each: True):
            found = next((each.flow for each in reversed(self._noted) if matches(each)), None)
            if found is not None:
                return found
        return None

    def is_other(self, message: Draft | Request | bytes) -> bool:
        """Whether a message can be read as a request other than REGISTER, and was not noted."""
        if any(each.draft is message for each in self._noted):
            return False
        read = _read(message)
        line = None if read is None else read.start_line
        return line is not None and line.endswith("SIP/2.0") and not line.startswith("REGISTER ")


def _read(message: Draft | Request | bytes) -> Draft | Message | None:
    if not isinstance(message, bytes):
        return message
    try:
        return parse(message)
    except MessageError:
        return None


def _mark(message: Draft | Message | None) -> tuple[str | None, str | None]:
    return (None, None) if message is None else (message.value("Call-ID"), message.value("CSeq"))
