"""Words that the findings of several rules share."""

from __future__ import annotations

from imsreg.sip.abnf.recogniser import Recognition
from imsreg.sip.abnf.wording import words
from imsreg.sip.errors import show
from imsreg.sip.lint.parts import Part


def grammar_words(name: str, recognition: Recognition, part: Part) -> tuple[str, str]:
    """What is wrong with a text that does not follow its grammar, and what could stand where it goes wrong."""
    right = words(recognition.expected, or_end=recognition.may_end)
    if recognition.reached == len(part.octets):
        return f"{name} ends too early", f"{right} next"
    return f"{name} cannot have {show(part.octets[recognition.reached : recognition.reached + 1])} here", right
