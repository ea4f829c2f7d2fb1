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
from imsreg.text import safe_text
from imsreg.verdict import profile_fields as fields
from imsreg.verdict.roles import Role

HOME_DOMAIN = "ims.mnc001.mcc001.3gppnetwork.org"
"""Of the test network 001/01."""
ADDRESS = "192.0.2.10"
"""Nobody's: for documentation (RFC 5737)."""
RELEASE = 14

_NETWORK = re.compile(r"ims\.mnc([0-9]{3})\.mcc([0-9]{3})\.3gppnetwork\.org", re.IGNORECASE)
_PEOPLE = ("alice", "bob")

_PROFILE = """\
# The device under test. What stands here is what it claims: what it does not claim is N/A.
dut:
  name: {name}
  version: ""                         # stands in every report
  role: {role:<29} # ue | core | p-cscf | i-cscf | s-cscf | registrar
  address: {address:<26} # one for each family; a family without an address is N/A
  port: 5060
  transports: [udp, tcp]              # the first is what tests use that ask for neither
  # start: ./start-dut                # commands that start and stop it; a run waits for them
  # stop: ./stop-dut
home_domain: {home_domain}
release: {release}
security: none                        # none | headers: the security agreement without ESP
features: {{}}                          # ICS; left out: false, or unknown. Some of them:
  # implicit-set: true                # subscribers have several public identities, registered together
  # multiple-impu: true
  # sec-agree-required: true
  # min-expires: 60                   # seconds
subscribers: {subscribers}
timing: {{t1: 0.5, multiplier: 1}}      # T1 in seconds; the tester waits multiplier times longer than it must
# Addresses and networks: nothing is ever sent anywhere else.
allow: {allow}
# lockout: 3                          # wrong responses in a row after which the DUT locks a subscriber out
# collect: ./fetch-log                # prints the DUT's own log after a test that failed
# deviations:                         # what is known and accepted: KNOWN instead of FAIL
#   - id: rfc3261-8.2.6.2-02
#     because: the stack keeps one Via only
#     until: 2027-06-30
"""

_SUBSCRIBERS = """\
# Who the tester registers as: subscribers that the DUT knows, with the keys that it has for them.
# Keys are read from the environment: IMSREG_ALICE_K and IMSREG_ALICE_OPC (or IMSREG_ALICE_OP), 32 hexadecimal digits
# each. Or from a file of their own, outside of version control: `keys: keys.yaml` at the top instead of those below,
# and in it a line for each:  alice: {k: "...", opc: "..."}
subscribers:
"""

_SUBSCRIBER = """\
  - name: {name}
    imsi: "{imsi}"{pad} # digits in quotes: YAML would eat leading zeros
    mnc_digits: {mnc_digits}
{identities}    impus: ["sip:{imsi}@{home_domain}"]   # the implicit set in the HSS's order; add the others
    # barred: []                      # those of impus that may only register
    # res_length: 8                   # octets of RES
    keys: {{env: IMSREG_{variable}}}
"""


@dataclass(frozen=True, slots=True)
class Wish:
    """What the user says of a new profile. `name` is free text; a host name in `addresses` must have an address."""

    name: str = "my DUT"
    role: Role = "core"
    addresses: Sequence[str] = (ADDRESS,)
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
    addresses = fields.addresses(path, "--address", wish.addresses, names=True)
    if not addresses or not wish.name.strip():
        raise InputError(path, "--address" if wish.name.strip() else "--name", "is empty", "write one")
    allow = dict.fromkeys(host for address in addresses for host in _hosts(path, address))
    return _PROFILE.format(
        name=json.dumps(safe_text(wish.name), ensure_ascii=False),
        role=wish.role,
        address=json.dumps(addresses[0] if len(addresses) == 1 else list(addresses)),
        home_domain=fields.domain(path, "--home-domain", wish.home_domain),
        release=RELEASE,
        subscribers=json.dumps(people.name),
        allow=json.dumps(list(allow)),
    )


def _hosts(path: Path, address: str) -> Sequence[str]:
    if fields.ip_address(address) is not None:
        return (address,)
    try:
        return [str(ipaddress.ip_address(host)) for host in resolve(address)]
    except (OSError, ValueError):
        raise InputError(path, "--address", f"{address} cannot be resolved", "write an IP address") from None


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
            _SUBSCRIBER.format(
                name=name,
                imsi=imsi,
                pad=" " * 13,
                mnc_digits=len(mnc),
                identities=own,
                home_domain=wish.home_domain,
                variable=name.upper(),
            )
        )
    return _SUBSCRIBERS + "".join(entries)
