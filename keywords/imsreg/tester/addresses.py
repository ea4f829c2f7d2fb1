"""Host names of a profile become addresses before anything else is done with it."""

from __future__ import annotations

from imsreg.errors import InputError
from imsreg.net.resolve import resolve
from imsreg.verdict.profile import Profile


def resolved(profile: Profile) -> Profile:
    """The profile with IP addresses in place of host names. Raises InputError for a name that has none."""
    addresses: list[str] = []
    for name in profile.dut.addresses:
        try:
            addresses += resolve(name)
        except OSError as error:
            raise InputError(
                profile.path, "dut.address", f"{name} cannot be resolved ({error.strerror})", "write an IP address"
            ) from None
    return profile.with_addresses(addresses) if addresses else profile
