"""A profile as it is typed: names and types of its fields. What they mean, `imsreg.verdict.profile` works out."""

from __future__ import annotations

from typing import Literal

import msgspec

from imsreg.verdict.deviation import Deviation
from imsreg.verdict.roles import Role

TransportName = Literal["udp", "tcp"]
SecurityMode = Literal["none", "headers", "ipsec"]
Need = Literal["ipv6", "tcp", "ipsec", "sim", "root"]
ControlKind = Literal["command", "manual"]
Embedded = Literal["reference-core", "reference-ue"]
IpsecBackendName = Literal["userspace", "kernel"]
Texts = str | tuple[str, ...]


class DutFields(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`dut:`. Commands are a line as for a shell, or a list of arguments. `subscriber` names the SIM in a UE."""

    name: str
    version: str = ""
    build: str = ""
    role: Role
    address: Texts = ()
    port: int = 5060
    transports: tuple[TransportName, ...]
    start: Texts = ()
    stop: Texts = ()
    embedded: Embedded | None = None
    subscriber: str | None = None


class Features(msgspec.Struct, frozen=True, kw_only=True, rename="kebab", forbid_unknown_fields=True):
    """`features:`, the ICS that stand nowhere else. Seconds where a number is asked; None: unknown."""

    sec_agree_required: bool = False
    ipsec_algorithms: tuple[str, ...] = ()
    gruu: bool = False
    outbound: bool = False
    reg_event: bool = False
    multiple_impu: bool = False
    implicit_set: bool = False
    min_expires: int | None = None
    max_expires: int | None = None
    default_expires: int | None = None
    reauth_on_refresh: bool = False
    redirects: bool = False
    giba: bool = False
    emergency: bool = False


class Timing(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`timing:`. T1 in seconds (RFC 3261 17.1.1.1), and the factor by which the tester waits longer than it must.

    `usim`: seconds that a simulated UE takes to answer a challenge, as one does that has to ask a smart card.
    """

    t1: float = 0.5
    multiplier: float = 1.0
    usim: float = 0.0


class TesterFields(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`tester:`, where the tester sends from and listens, and what does ESP there in security mode ipsec."""

    address: Texts = ()
    port: int | None = None
    ipsec: IpsecBackendName = "userspace"


class ControlFields(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`control:`, how a UE is made to act: commands, or what a person is asked to do. `limit` in seconds for either."""

    kind: ControlKind
    register: Texts = ()
    deregister: Texts = ()
    reset: Texts = ()
    limit: float = 30.0


class ProfileFields(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole file. Paths are relative to it."""

    dut: DutFields
    home_domain: str
    release: int
    security: SecurityMode
    features: Features = Features()
    subscribers: str
    timing: Timing = Timing()
    allow: tuple[str, ...] = ("127.0.0.0/8", "::1")
    deviations: tuple[Deviation, ...] = ()
    collect: Texts = ()
    lockout: int | None = None
    tester: TesterFields = TesterFields()
    control: ControlFields | None = None
    requires: tuple[Need, ...] = ()
