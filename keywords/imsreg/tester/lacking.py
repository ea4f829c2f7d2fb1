"""What profile or host lack for a test or for a whole run, in words. The preflight and the tests ask the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING

from imsreg.errors import InputError
from imsreg.tester.settings import Side
from imsreg.verdict.profile import Profile
from imsreg.verdict.requirement import Requirement
from imsreg.verdict.roles import judges

if TYPE_CHECKING:
    from imsreg.secagree.transforms import Transform


def unbound(profile: Profile, row: Requirement) -> str | None:
    """Why the requirement does not bind the DUT, or cannot be judged of one in its role; None if it can."""
    if not judges(profile.dut.role, row):
        return f"not visible at a DUT whose role is {profile.dut.role}"
    return None if row.condition.holds(profile.ics()) else row.condition.explain(profile.ics())


def none_binds(profile: Profile, rows: Iterable[Requirement]) -> str | None:
    """Why none of the requirements binds the DUT: the reason of the first; None if one does, or there is none."""
    reasons = [unbound(profile, row) for row in rows]
    return reasons[0] if reasons and None not in reasons else None


def wrong_side(profile: Profile, side: Side) -> str | None:
    """Why a test for a DUT on this side is not for the DUT."""
    role = profile.dut.role
    if side == "ue":
        return None if role == "ue" else f"the DUT is no UE but a {role}: this test is for a UE"
    return "the DUT is a UE: this test is for a CSCF or a core" if role == "ue" else None


def no_sim(held: str | None, wanted: str | None) -> str | None:
    """Why the UE cannot be the one of a subscriber; `held` is who has the SIM in it, None: whoever is wanted."""
    if held is None or wanted is None or held == wanted:
        return None
    return f"the UE holds the SIM of {held}, this test wants {wanted}"


def no_way(profile: Profile, families: Collection[str], transport: str | None, family: str | None) -> str | None:
    """Why no UE reaches the DUT by `transport` ("UDP", "TCP") and `family` ("IPv4", "IPv6"; None: whichever).

    `families` are those of which the DUT has an address.
    """
    if transport is not None and transport.lower() not in profile.dut.transports:
        return f"the profile's transports are {', '.join(profile.dut.transports)}"
    if family is not None and family not in families:
        lacking = "the tester's host lacks" if profile.dut.embedded else "the profile names no address of"
        return f"{lacking} {family}"
    return None


def no_mode(profile: Profile, security: str | None) -> str | None:
    """Why no UE can use that security mode. The agreement in the header fields is part of mode ipsec."""
    if security == "headers" and profile.security == "none":
        return "the profile's security mode is none"
    if security == "none" and profile.security == "ipsec":
        return "the profile's security mode is ipsec: a UE without associations is challenged for ever"
    if security == "ipsec" and profile.security != "ipsec":
        return f"the profile's security mode is {profile.security}"
    return None


def no_password(profile: Profile) -> str | None:
    """Why no UE can register by SIP digest: where associations protect everything there is none (TS 33.203 Annex N)."""
    if profile.security == "ipsec":
        return "the profile's security mode is ipsec: SIP digest makes no associations"
    return None


def no_reg_event(profile: Profile) -> str | None:
    """Why no UE subscribes to its registration state: a profile claims that the DUT lets it."""
    return None if profile.ics().get("reg-event") else "profile says reg-event: false"


def mode_of(profile: Profile, wanted: str | None) -> str:
    """The security mode of a UE that wants one, or whichever the profile has. The header fields are part of ipsec."""
    return "ipsec" if profile.security == "ipsec" else wanted or str(profile.security)


def no_room(profile: Profile, others: int) -> str | None:
    """Why no UE can be powered on beside so many others."""
    of_a_family = Counter(":" in host for host in profile.tester.addresses)
    if others and profile.tester.port is not None and max(of_a_family.values(), default=1) <= others:
        return "the profile gives the tester one port, which leaves room for one UE at a time"
    return None


def not_claimed(profile: Profile, offer: Transform) -> str | None:
    """Why a combination of algorithms is not offered to the DUT; a profile that names none claims them all.

    No encryption, or no integrity beside AES-GCM, is nothing to claim.
    """
    claimed = {name.lower() for name in profile.features.ipsec_algorithms}
    unclaimed = {*offer} - claimed - {"null"}
    if not claimed or not unclaimed:
        return None
    return f"the profile's ipsec-algorithms are {', '.join(sorted(claimed))}, without {', '.join(sorted(unclaimed))}"


def check_required(profile: Profile, families: Collection[str], lacks: str | None = None) -> None:
    """Raises InputError where something is not there that the profile requires; the rest makes single tests N/A.

    `lacks` is what the host lacks for security mode ipsec.
    """
    there = {"ipv6": "IPv6" in families, "tcp": "tcp" in profile.dut.transports}
    if "ipsec" in profile.requires and lacks is not None:
        raise InputError(profile.path, "requires", lacks, "take ipsec out of it to have every test N/A")
    there["ipsec"] = profile.security == "ipsec"
    for index, need in enumerate(profile.requires):
        if not there.get(need, False):
            raise InputError(
                profile.path,
                f"requires[{index}]",
                f"this tester, or the DUT as the profile describes it, lacks {need}",
                "take it out to have the tests concerned N/A",
            )
