"""A new profile with comments, and a subscriber file beside it. Keys are named in them, never written."""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from imsreg.errors import InputError
from imsreg.net.resolve import resolve
from imsreg.tester.skeleton_texts import PROFILE, SUBSCRIBER, SUBSCRIBERS, UE_PROFILE
from imsreg.text import safe_text
from imsreg.verdict import profile_fields as fields
from imsreg.verdict.roles import Role

HOME_DOMAIN = "ims.mnc001.mcc001.3gppnetwork.org"
"""Of the test network 001/01."""
ADDRESS = "192.0.2.10"
"""Nobody's: for documentation (RFC 5737)."""
UE_ADDRESS = "127.0.0.1"
"""Where the tester listens for a UE unless it is told: on this host, which only a UE on it can reach."""
RELEASE = 14

_NETWORK = re.compile(r"ims\.mnc([0-9]{3})\.mcc([0-9]{3})\.3gppnetwork\.org", re.IGNORECASE)
_PEOPLE = ("alice", "bob")


@dataclass(frozen=True, slots=True)
class Wish:
    """What the user says of a new profile. `name` is free text; a host name in `addresses` must have an address.

    `addresses` are those of the DUT, or those at which the tester listens for a UE; () takes one to begin with.
    """

    name: str = "my DUT"
    role: Role = "core"
    addresses: Sequence[str] = ()
    home_domain: str = HOME_DOMAIN


def write_skeleton(path: Path, wish: Wish) -> Path:
    """Write the profile to `path` and the subscriber file beside it, whose path is returned.

    Raises InputError, and writes nothing, if one of them is there or what is wished for cannot be.
    """
    people = path.with_name(f"{path.stem}-subscribers.yaml")
    texts = {people: _subscribers(path, wish), path: _profile(path, people, wish)}
    for each in texts:
        if each.exists():
            raise InputError(each, "", "is there already", "name another file; nothing was written")
    for each, text in texts.items():
        try:
            with each.open("x", encoding="utf-8") as file:
                file.write(text)
        except OSError as error:
            raise InputError(each, "", f"cannot be written: {error.strerror}", "choose another directory") from None
    return people


def _profile(path: Path, people: Path, wish: Wish) -> str:
    of_ue = wish.role == "ue"
    wished = wish.addresses or (UE_ADDRESS if of_ue else ADDRESS,)
    addresses = fields.addresses(path, "--address", wished, names=not of_ue)
    if not wish.name.strip():
        raise InputError(path, "--name", "is empty", "write one")
    peers = map(_network, addresses) if of_ue else (host for each in addresses for host in _hosts(path, each))
    return (UE_PROFILE if of_ue else PROFILE).format(
        name=json.dumps(safe_text(wish.name), ensure_ascii=False),
        role=wish.role,
        address=json.dumps(addresses[0] if len(addresses) == 1 else list(addresses)),
        home_domain=fields.domain(path, "--home-domain", wish.home_domain),
        release=RELEASE,
        subscribers=json.dumps(people.name),
        allow=json.dumps(list(dict.fromkeys(peers))),
    )


def _hosts(path: Path, address: str) -> Sequence[str]:
    if fields.ip_address(address) is not None:
        return (address,)
    try:
        return [str(ipaddress.ip_address(host)) for host in resolve(address)]
    except (OSError, ValueError):
        raise InputError(path, "--address", f"{address} cannot be resolved", "write an IP address") from None


def _network(address: str) -> str:
    """The network in which a UE probably is that finds the tester at this address."""
    own = ipaddress.ip_address(address)
    return (
        address if own.is_loopback else str(ipaddress.ip_network((own, 24 if own.version == 4 else 64), strict=False))
    )


def _subscribers(path: Path, wish: Wish) -> str:
    network = _NETWORK.fullmatch(wish.home_domain)
    mnc, mcc = network.groups() if network else ("001", "001")
    # An MNC of two digits stands in the domain with a zero in front (TS 23.003 13.2).
    mnc = mnc.removeprefix("0") if mnc.startswith("0") else mnc
    entries = []
    for number, name in enumerate(_PEOPLE, start=1):
        imsi = f"{mcc}{mnc}{number:0{15 - len(mcc) - len(mnc)}d}"
        own = "" if network else f'    impi: "{imsi}@{wish.home_domain}"\n    home_domain: {wish.home_domain}\n'
        entries.append(
            SUBSCRIBER.format(
                name=name,
                imsi=imsi,
                pad=" " * 13,
                mnc_digits=len(mnc),
                identities=own,
                home_domain=wish.home_domain,
                variable=name.upper(),
            )
        )
    return SUBSCRIBERS + "".join(entries)
