"""Whether a network has refused what a UE proposed in Security-Client (TS 33.203 7.3.2.1)."""

from __future__ import annotations

from imsreg.secagree.negotiation import common
from imsreg.secagree.usability import transform
from imsreg.sip.headers.security import SecurityClient, SecurityServer
from imsreg.sip.message import Request, Response
from imsreg.verdict.outcome import Moot
from imsreg.verdict.view import View, readable

NOTHING_IN_COMMON = Moot("the network has none of the combinations of algorithms that the UE offered")


def nothing_in_common(request: Request, response: Response) -> bool:
    """Whether a response has a list that can be read, and on it nothing that the request proposed."""
    listed = [transform(entry) for entry in readable(response, SecurityServer)]
    return bool(listed) and not common(readable(request, SecurityClient), listed)


def refused(view: View) -> bool:
    """Whether every REGISTER of the tester that got an answer was refused like that, with a 494."""
    answered = view.answered
    return bool(answered) and all(
        each.response.status == 494 and nothing_in_common(each.attempt.request, each.response) for each in answered
    )
