"""From the text of one profile field to its value, or to the InputError that says what is wrong with it."""

from __future__ import annotations

import ipaddress
import re
import shlex
from collections.abc import Sequence
from pathlib import Path

from imsreg.errors import InputError
from imsreg.text import safe_text

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

_LABEL = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
_MOST_ADDRESSES = 2
_MOST_OF_SEVERAL = 256


def ip_address(text: str) -> IpAddress | None:
    """The IP address that `text` is, or None if it is none."""
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def addresses(
    where: Path, field: str, values: str | Sequence[str], *, names: bool = False, several: bool = False
) -> tuple[str, ...]:
    """Addresses in canonical form, at most one per family unless `several` are welcome.

    With `names` host names too, to be resolved later.
    """
    listed = (values,) if isinstance(values, str) else tuple(values)
    canonical: list[str] = []
    families: set[int] = set()
    for text in listed:
        address = ip_address(text)
        if address is None:
            if not (names and is_domain(text)):
                kinds = "IP address or host name" if names else "IP address"
                raise InputError(
                    where, field, f'"{safe_text(text)}" is no {kinds}', "write it without brackets and port"
                )
            canonical.append(text)
            continue
        if address.is_unspecified or address.is_multicast:
            raise InputError(where, field, f"{text} is no address of one host", "name a unicast address")
        if str(address) in canonical:
            raise InputError(where, field, f"{text} is listed twice", "name each address once")
        if address.version in families and not several:
            raise InputError(where, field, f"{text} is a second IPv{address.version} address", "keep one per family")
        families.add(address.version)
        canonical.append(str(address))
    if len(canonical) > (most := _MOST_OF_SEVERAL if several else _MOST_ADDRESSES):
        raise InputError(where, field, f"{len(canonical)} addresses are listed", f"keep {most} at most")
    return tuple(canonical)


def networks(where: Path, field: str, texts: Sequence[str]) -> tuple[Network, ...]:
    """Addresses and networks such as 192.0.2.0/24."""
    parsed: list[Network] = []
    for index, text in enumerate(texts):
        try:
            network = ipaddress.ip_network(text, strict=False)
        except ValueError:
            remedy = "write it as in 192.0.2.0/24 or 2001:db8::/32"
            raise InputError(where, f"{field}[{index}]", f'"{safe_text(text)}" is no network', remedy) from None
        if network.network_address != ip_address(text.partition("/")[0]):
            # The network is wider than what was meant: never guess when it comes to where packets may go.
            remedy = f"write {network} for the network, {text.partition('/')[0]} for the one address"
            raise InputError(where, f"{field}[{index}]", f"{text} is an address with a prefix length", remedy)
        parsed.append(network)
    return tuple(parsed)


def inside(where: Path, field: str, hosts: Sequence[str], allow: Sequence[Network]) -> None:
    """Refuses an address that `allow` does not cover. Host names pass; the egress gate sees what they resolve to."""
    for host in hosts:
        address = ip_address(host)
        if address is not None and not any(address in network for network in allow):
            raise InputError(where, field, f"{host} is outside the list of allowed networks", "name it under allow:")


def is_domain(text: str) -> bool:
    """Whether `text` is a host or domain name (RFC 1123 2.1), and not digits and dots that want to be an address."""
    labels = text.removesuffix(".").split(".")
    return len(text) <= 253 and all(map(_LABEL.fullmatch, labels)) and not labels[-1].isdecimal()


def domain(where: Path, field: str, text: str) -> str:
    """A domain name."""
    if not is_domain(text):
        raise InputError(
            where, field, f'"{safe_text(text)}" is no domain name', "write it as in ims.mnc001.mcc001.3gppnetwork.org"
        )
    return text


def command(where: Path, field: str, value: str | Sequence[str]) -> tuple[str, ...]:
    """A command as its arguments; empty if there is none."""
    if not isinstance(value, str):
        return tuple(value)
    try:
        return tuple(shlex.split(value))
    except ValueError:
        raise InputError(where, field, "a quotation in it does not end", "close it, or write a list") from None


def in_range(where: Path, field: str, value: float, least: float, most: float) -> None:
    """Refuses a number outside `least`..`most`."""
    if not least <= value <= most:
        raise InputError(where, field, f"{value} is out of range", f"write a number from {least} to {most}")


def distinct(where: Path, field: str, values: Sequence[str]) -> None:
    """Refuses a list that repeats itself."""
    for index, value in enumerate(values):
        if value in values[:index]:
            raise InputError(where, f"{field}[{index}]", f"{safe_text(value)} is listed twice", "keep one")
