"""Option tags: the names of SIP extensions in Require, Supported, Unsupported and Proxy-Require (RFC 3261 19.2)."""

from __future__ import annotations

from typing import Final

REGISTERED: Final = frozenset(
    (
        *("100rel", "199", "answermode", "early-session", "eventlist", "explicitsub", "from-change"),
        *("geolocation-http", "geolocation-sip", "gin", "gruu", "histinfo", "ice", "join", "multiple-refer"),
        *("norefersub", "nosub", "outbound", "path", "policy", "precondition", "pref", "privacy"),
        *("recipient-list-invite", "recipient-list-message", "recipient-list-subscribe", "record-aware", "replaces"),
        *("resource-priority", "sdp-anat", "sec-agree", "siprec", "tdialog", "timer", "trickle-ice", "uui"),
    )
)
"""The 36 tags of the IANA registry "SIP Parameters", Option Tags, as of March 2026. Any other is known to nobody."""
