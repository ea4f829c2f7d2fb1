"""What is set at a UE, and the words for what it sends and what it does next."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from imsreg.registration.ue import MAX_FOLLOW_UPS, MAX_INVALID_CHALLENGES
from imsreg.registration.ue_request import EXPIRY
from imsreg.sip.timers import IMS, Timers


@dataclass(frozen=True, kw_only=True)
class UePolicy:
    """What a user or an operator sets at a UE.

    `security` is "none", "headers" or "ipsec", `release` decides on the algorithms that Security-Client lists.
    `expires` are the seconds that a REGISTER asks for, `subscription` those of the subscription to its own registration
    state, which `reg_event` switches on. `invalid_challenges` so many in a row are answered, and responses add so many
    `follow_ups` to one exchange. `timers` are the SIP timers toward the P-CSCF (TS 24.229 table 7.7.1).
    """

    security: str = "none"
    release: int = 14
    reg_event: bool = True
    expires: int = EXPIRY
    subscription: int = EXPIRY
    invalid_challenges: int = MAX_INVALID_CHALLENGES
    follow_ups: int = MAX_FOLLOW_UPS
    timers: Timers = IMS


class Kind(StrEnum):
    """What a request of the UE is for."""

    INITIAL = "initial"
    ANSWER = "answer"
    """It answers a challenge that the USIM accepted."""
    REPORT = "report"
    """It reports that the USIM did not accept a challenge."""
    LONGER = "longer"
    """It asks for what a 423 wants."""
    REFRESH = "refresh"
    DEREGISTER = "deregister"
    SUBSCRIBE = "subscribe"
    RESUBSCRIBE = "resubscribe"
    """It refreshes a subscription, in its dialog."""


class UePhase(StrEnum):
    """What a UE is doing."""

    OFF = "off"
    UNREGISTERED = "unregistered"
    REGISTERING = "registering"
    REGISTERED = "registered"
    REFRESHING = "refreshing"
    DEREGISTERING = "deregistering"
    WAITING = "waiting"
    """For the time of the next attempt."""
    FAILED = "failed"
    """It makes no attempt by itself."""


class Course(StrEnum):
    """What follows on a final response, or on none, that ended an exchange without success."""

    ANEW = "anew"
    """An initial registration (or subscription) at once."""
    LATER = "later"
    """Another attempt, after Retry-After or the back-off."""
    NEVER = "never"
    """Nothing, until somebody tells the UE."""
