"""What a DUT claims (ICS): the one closed list of names that profiles set and conditions ask."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Literal

SECURITY_MODES = ("none", "headers", "ipsec")
"""In ascending order."""

Kind = Literal["flag", "number", "mode", "set"]

ICS: Mapping[str, Kind] = {
    "security": "mode",
    "transports": "set",
    "families": "set",
    "sec-agree-required": "flag",
    "ipsec-algorithms": "set",
    "gruu": "flag",
    "outbound": "flag",
    "reg-event": "flag",
    "multiple-impu": "flag",
    "implicit-set": "flag",
    "min-expires": "number",
    "max-expires": "number",
    "default-expires": "number",
    "reauth-on-refresh": "flag",
    "redirects": "flag",
    "giba": "flag",
    "emergency": "flag",
    "release": "number",
}
"""Everything that a condition may ask and a profile may claim: one closed list."""

MEMBERS: Mapping[str, tuple[str, ...]] = {"transports": ("udp", "tcp"), "families": ("ipv4", "ipv6")}
"""The sets whose members are closed lists too."""

Ics = Mapping[str, object]
"""ICS name -> claim: bool, int (None: unknown), a mode, or a collection of members. A name may be absent."""


def claim_in_words(name: str, ics: Ics) -> str:
    """The claim as `explain` shows it: "true", "3600", "unknown", "udp, tcp"."""
    claimed = ics.get(name)
    match ICS[name]:
        case "flag":
            return "true" if claimed else "false"
        case "number":
            return "unknown" if claimed is None else str(claimed)
        case "mode":
            return str(claimed or "none")
        case "set":
            members = claimed if isinstance(claimed, Collection) else ()
            return ", ".join(sorted(str(member) for member in members)) or "none"
