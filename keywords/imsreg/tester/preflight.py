"""What is read before anything is sent: the profile, its deviations by the catalogue, its subscribers."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from datetime import date
from os import environ
from pathlib import Path

from imsreg.errors import InputError
from imsreg.identity.subscribers import Subscriber, load_subscribers
from imsreg.net.resolve import resolve
from imsreg.tester.catalogue import rows
from imsreg.text import safe_text
from imsreg.verdict.deviation import check_deviations
from imsreg.verdict.profile import Profile, load_profile


def read_profile(path: Path, *, keyless: bool = False) -> tuple[Profile, tuple[Subscriber, ...]]:
    """A profile and its subscribers, `keyless` also those without keys (see `load_subscribers`).

    Raises InputError for a profile, deviation, subscriber or key that cannot be used.
    """
    profile = load_profile(path)
    check_deviations(path, profile.deviations, rows(), date.today())
    subscribers = load_subscribers(profile.subscribers, environ, keyless=keyless)
    _check_sim(profile, subscribers)
    return profile, subscribers


def _check_sim(profile: Profile, subscribers: Sequence[Subscriber]) -> None:
    """Refuses a SIM whose subscriber is in no file."""
    name, known = profile.dut.subscriber, [subscriber.name for subscriber in subscribers]
    if name is not None and name not in known:
        near = difflib.get_close_matches(name, known, n=1)
        remedy = f"did you mean {near[0]}?" if near else "name one of that file"
        problem = f"{profile.subscribers} has no subscriber {safe_text(name)}"
        raise InputError(profile.path, "dut.subscriber", problem, remedy)


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
