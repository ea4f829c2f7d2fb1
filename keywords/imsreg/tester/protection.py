"""What protects the messages of a run, in words for its reports."""

from __future__ import annotations

from typing import Literal

from imsreg.verdict.profile import Profile


def protection(profile: Profile, link: Literal["sockets", "memory"] | None) -> str:
    """The security mode and what does its ESP: "ipsec, userspace back end".

    `link` is that of the run; None for captures, which do not tell who made their packets.
    """
    if profile.security == "headers":
        return "headers: the agreement in the header fields, no ESP"
    if profile.security == "none" or link is None:
        return str(profile.security)
    return "ipsec, on the in-memory link" if link == "memory" else f"ipsec, {profile.tester.ipsec} back end"
