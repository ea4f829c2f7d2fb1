"""Security-Server lists that a test wants otherwise than a conformant P-CSCF writes them (TS 33.203 7.2, Annex H)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum

from imsreg.secagree.endpoints import STANDARD_PORTS
from imsreg.secagree.transforms import Transform
from imsreg.secagree.usability import transform
from imsreg.sip.headers.security import SecurityClient, SecurityServer

UNKNOWN_ALG = "hmac-example-96"
"""An integrity algorithm that no release of Annex H has."""

UNKNOWN_MECHANISM = "example-mechanism"
"""A mechanism that nobody has registered; a client passes over what it does not know (RFC 3329 2.3.1)."""


class Announced(StrEnum):
    """What is unusual about a Security-Server list. With the first group no UE can make associations.

    With the last one the UE has no choice: one combination of algorithms is listed. It is the whole list if the UE has
    not offered that combination, for then it would be of no use.
    """

    UNKNOWN_ALG = "unknown-alg"
    """Every entry names an integrity algorithm that there is not."""
    SPI_OF_UE = "spi-of-ue"
    """The SPIs are those of the UE's own offer, with which its packets could be sent back to it (TS 33.203 7.1)."""
    NO_SPI = "no-spi"
    """spi-c and spi-s are missing."""
    NO_PORT = "no-port"
    """port-c and port-s are missing."""
    STANDARD_PORT = "standard-port"
    """The server port is 5060, where SIP is in the clear (TS 33.203 7.1)."""
    WITHOUT_Q = "without-q"
    """No entry says q. The order decides, in either text."""
    UNKNOWN_FIRST = "unknown-first"
    """A mechanism that nobody knows is preferred to all."""
    UNKNOWN_PARAMETER = "unknown-parameter"
    """Each entry has a parameter that nobody knows, which Security-Verify has to repeat (RFC 3329 2.3.1)."""
    BARE_NULL = "bare-null"
    """Entries without encryption do not say ealg, whose absence means null (TS 33.203 Annex H)."""
    ONLY_HMAC_SHA_1 = "only-hmac-sha-1"
    ONLY_AES_CBC = "only-aes-cbc"
    ONLY_AES_GMAC = "only-aes-gmac"
    ONLY_AES_GCM = "only-aes-gcm"


_Change = Callable[[SecurityServer, SecurityClient | None], SecurityServer]


def _spi_of_ue(entry: SecurityServer, client: SecurityClient | None) -> SecurityServer:
    for name in ("spi-c", "spi-s"):
        if client is not None and (value := client.params.get(name)) is not None:
            entry = entry.with_param(name, value)
    return entry


def _bare_null(entry: SecurityServer, _: SecurityClient | None) -> SecurityServer:
    return entry.without("ealg") if entry.ealg == "null" else entry


_CHANGES: Mapping[Announced, _Change] = {
    Announced.UNKNOWN_ALG: lambda entry, _: entry.with_param("alg", UNKNOWN_ALG),
    Announced.SPI_OF_UE: _spi_of_ue,
    Announced.NO_SPI: lambda entry, _: entry.without("spi-c", "spi-s"),
    Announced.NO_PORT: lambda entry, _: entry.without("port-c", "port-s"),
    Announced.STANDARD_PORT: lambda entry, _: entry.with_param("port-s", min(STANDARD_PORTS)),
    Announced.WITHOUT_Q: lambda entry, _: entry.without("q"),
    Announced.UNKNOWN_PARAMETER: lambda entry, _: entry.with_param("example", "1"),
    Announced.BARE_NULL: _bare_null,
}


_ONLY: Mapping[Announced, Transform] = {
    Announced.ONLY_HMAC_SHA_1: Transform("hmac-sha-1-96", "null"),
    Announced.ONLY_AES_CBC: Transform("hmac-sha-1-96", "aes-cbc"),
    Announced.ONLY_AES_GMAC: Transform("aes-gmac", "null"),
    Announced.ONLY_AES_GCM: Transform("null", "aes-gcm"),
}


def altered(values: Sequence[str], announced: Announced, offer: Sequence[SecurityClient]) -> list[str]:
    """`values`, a conformant Security-Server list, made as `announced` says. `offer` is what the UE proposed.

    Raises HeaderError for a value of the list that cannot be read.
    """
    if announced is Announced.UNKNOWN_FIRST:
        return [f"{UNKNOWN_MECHANISM}; q=0.9", *values]
    if (only := _ONLY.get(announced)) is not None:
        kept = [each for each in values if transform(SecurityServer.parse(each)) == only]
        return kept if kept and only in map(transform, offer) else [*values]
    client = next(iter(offer), None)
    change = _CHANGES[announced]
    return [str(change(SecurityServer.parse(value), client)) for value in values]
