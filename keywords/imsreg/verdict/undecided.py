"""Final responses from which nothing follows about the requirement that a request was sent for."""

from __future__ import annotations

from imsreg.verdict.authentication import Attempt
from imsreg.verdict.outcome import Breach, Unmet
from imsreg.verdict.view import View

_WHY = {
    401: "a challenge comes before the answer to the REGISTER",
    420: "the DUT does not support an extension that the REGISTER requires",
    421: "the DUT requires an extension that the REGISTER does not list",
    494: "the DUT requires a security agreement",
    503: "the DUT was overloaded",
}


def undecided(attempt: Attempt) -> Unmet | None:
    """Why the final response of an ordinary REGISTER decides nothing; None where it does.

    Authentication comes first (RFC 3261 8.2), and so does what the DUT demands of every UE.
    """
    if attempt.final is None:
        return Unmet("the REGISTER was not answered")
    why = _WHY.get(attempt.status)
    return Unmet(f"{attempt.status}: {why}") if why is not None else None


def silent(view: View, attempt: Attempt, expected: str) -> Breach | Unmet:
    """No response is a finding only where the transcript shows that the tester has waited for one."""
    for event in view.transcript.events:
        if event.kind == "transport" and event.after >= attempt.number:
            return Breach(attempt.number, expected, event.text)
    return Unmet(f"the tester did not wait for the answer to message {attempt.number}")
