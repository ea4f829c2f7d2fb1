"""What a subscriber file may hold: its fields and their forms."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from imsreg.aka.tuak import ITERATIONS
from imsreg.identity.authentication import AlgorithmName

Name = Annotated[str, Meta(pattern=r"^[a-z0-9-]{1,64}\Z", description="a name of a-z, 0-9 and -")]
Imsi = Annotated[str, Meta(pattern=r"^[0-9]{6,15}\Z", description="an IMSI: 6 to 15 digits")]
Nid = Annotated[str, Meta(pattern=r"^[0-9A-Fa-f]{11}\Z", description="a NID: 11 hexadecimal digits")]
Domain = Annotated[str, Meta(pattern=r"^[A-Za-z0-9.-]{1,253}\Z", description="a domain name")]
# What a quoted-string or the angle brackets around a URI cannot hold as it stands is kept out of identities.
Impi = Annotated[
    str, Meta(pattern=r"^[!#-?A-\[\]-~]+@[A-Za-z0-9.-]+\Z", description="a private identity such as user@domain")
]
Impu = Annotated[
    str, Meta(pattern=r"^(sips?|tel):[!#-;=?-\[\]-~]+\Z", description="a public identity: a sip: or tel: URI")
]
Amf = Annotated[str, Meta(pattern=r"^[0-9A-Fa-f]{4}\Z", description="an AMF: 4 hexadecimal digits")]
Sqn = Annotated[str, Meta(pattern=r"^[0-9A-Fa-f]{12}\Z", description="an SQN: 12 hexadecimal digits")]
Octets = Annotated[str, Meta(pattern=r"^(?:[0-9A-Fa-f]{2})+\Z", description="octets in hexadecimal digits")]
Imei = Annotated[str, Meta(pattern=r"^[0-9]{14,16}\Z", description="an IMEI: 14 to 16 digits")]
Variable = Annotated[
    str, Meta(pattern=r"^[A-Za-z_][A-Za-z0-9_]*\Z", description="the beginning of an environment variable's name")
]
Iterations = Annotated[int, Meta(ge=ITERATIONS[0], le=ITERATIONS[-1])]

AKA_ONLY = ("res_length", "amf", "sqn", "keccak_iterations")
"""Fields of a subscriber that say nothing about one with a password."""

DERIVED = ("impi", "home_domain", "impus")
"""Fields that are derived from the IMSI where they are left out, and that an ISIM has."""


class KeysFromEnvironment(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Keys by the names of environment variables: `env` and an ending: _K, _OPC, _OP, _TOPC, _TOP, _PASSWORD."""

    env: Variable


class IsimEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The files of an ISIM as a card reader shows them, in hexadecimal; `ef_impu` has one element for each record."""

    ef_impi: Octets
    ef_domain: Octets
    ef_impu: Annotated[tuple[Octets, ...], Meta(min_length=1)]


class SubscriberEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One subscriber as the file writes it; what is left out is derived from the IMSI.

    `algorithm` says what is known of him: AKA keys, or a password. `isim` gives the identities of a card that has an
    ISIM, `imei` or `instance_id` the device. `nid` belongs to a stand-alone non-public network.
    """

    name: Name
    imsi: Imsi
    mnc_digits: Literal[2, 3]
    nid: Nid | None = None
    impi: Impi | None = None
    home_domain: Domain | None = None
    impus: Annotated[tuple[Impu, ...], Meta(min_length=1)] | None = None
    barred: tuple[Impu, ...] = ()
    isim: IsimEntry | None = None
    imei: Imei | None = None
    instance_id: str | None = None
    algorithm: AlgorithmName = "milenage"
    res_length: int | None = None
    amf: Amf | None = None
    sqn: Sqn | None = None
    keccak_iterations: Iterations | None = None
    keys: KeysFromEnvironment | None = None


class SubscriberFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A subscriber file; `keys` is the path of its key file, relative to itself."""

    subscribers: Annotated[tuple[SubscriberEntry, ...], Meta(min_length=1)]
    keys: str | None = None
