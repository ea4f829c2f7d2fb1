"""What follows when a REGISTER has not succeeded (TS 24.229 5.1.1.2.1, 5.1.1.4.1; RFC 3261 8.1.3, 10.2.7, 10.2.8)."""

from __future__ import annotations

from imsreg.registration.ue_policy import Course, Kind
from imsreg.sip.errors import HeaderError
from imsreg.sip.headers.retry_after import RetryAfter
from imsreg.sip.message import Response

PASSING = (408, 480, 486)
"""Refusals that another attempt may overcome; with one P-CSCF, "another P-CSCF" means the same one later."""

STARTS_ANEW = (500, 503, 504)
"""Refusals of a refresh after which the UE registers anew (TS 24.229 5.1.1.4.1; 503 like 500, RFC 3261 21.5.4)."""


def retry_after(response: Response | None) -> int | None:
    """The seconds in Retry-After, None if there is none to be read."""
    try:
        header = None if response is None else response.get(RetryAfter)
    except HeaderError:
        return None
    return None if header is None else header.seconds


def course_of(kind: Kind, response: Response | None) -> Course:
    """What a UE does after a final response that no repetition of the request can answer, or after none (None).

    Silence, a transport failure and what the network calls passing are followed by another attempt, later: RFC 3261
    10.2.7 wants no registration at once where one has timed out. So is a 2xx that ends here: it does not list the UE's
    contact. A refused 401 or 403 and every other refusal of the
    request itself is final. 494 is a failed agreement, which begins again as one without Security-Server does. A code
    that is not known counts as x00 of its class (RFC 3261 8.1.3.2).
    """
    if response is None:
        return Course.LATER
    status = response.status
    if status == 494:
        return Course.ANEW
    waits = retry_after(response) is not None and status not in (401, 403)
    if kind is not Kind.INITIAL and status in STARTS_ANEW and not waits:
        return Course.ANEW
    passing = status in PASSING or status // 100 in (2, 3, 5)
    return Course.LATER if waits or passing else Course.NEVER


def loses(kind: Kind, course: Course, response: Response | None) -> bool:
    """Whether a failed exchange ends the registration that was there, so that the next attempt is an initial one.

    Not where the network only asks to wait: then the binding lives until it expires.
    """
    waits = kind is Kind.REFRESH and course is Course.LATER and retry_after(response) is not None
    return not waits
