"""Which messages of the tester left in segments of its own choice: in one together, or cut into several."""

from __future__ import annotations

import re

from imsreg.transcript.transcript import Transcript

# The words of imsreg.tester.segments, which a capture keeps: it is judged as the run was.
_CUT = re.compile(r"the next ([0-9]{1,4}) messages leave in [0-9]{1,4} segments")


def cut_messages(transcript: Transcript) -> frozenset[int]:
    """The numbers of these messages, keep-alives among them."""
    found: set[int] = set()
    for event in transcript.events:
        words = _CUT.fullmatch(event.text) if event.kind == "note" else None
        if words is not None:
            found.update(range(event.after + 1, event.after + 1 + int(words[1])))
    return frozenset(found)
