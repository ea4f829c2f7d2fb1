"""Whether an entry of a Security header can become security associations, and if not, why (TS 33.203 Annex H)."""

from __future__ import annotations

from imsreg.secagree.endpoints import Endpoints
from imsreg.secagree.transforms import Transform
from imsreg.sip.headers.security import SecurityMechanism
from imsreg.text import safe_text

MECHANISM = "ipsec-3gpp"

# What decides on the associations. RFC 3261 7.3.1 forbids a second parameter of a name; of two equal ones either does.
_DECIDING = ("alg", "ealg", "prot", "mod", "spi-c", "spi-s", "port-c", "port-s")


def transform(entry: SecurityMechanism) -> Transform:
    """The algorithms of an entry; a missing ealg means null (TS 33.203 Annex H)."""
    return Transform((entry.alg or "").lower(), (entry.ealg or "null").lower())


def usable(entry: SecurityMechanism) -> bool:
    """Whether an entry of either side can become security associations: parameters complete, esp in transport mode."""
    return isinstance(endpoints(entry), Endpoints)


def endpoints(entry: SecurityMechanism) -> Endpoints | str:
    """The SPIs and ports of an entry of either side, or in a few words why it can become no security associations.

    Says nothing about the algorithms, which depend on what the reader supports, nor about the values of SPIs and
    ports, which `endpoint_faults` judges.
    """
    if entry.mechanism.lower() != MECHANISM:
        return f"the mechanism is {_shown(entry.mechanism)}"
    for name in _DECIDING:
        values = {(p.value or "").lower() for p in entry.params.all if p.name.lower() == name}
        if len(values) > 1:
            return f"{name} has two values"
    if entry.alg is None:
        return "alg is missing"
    if (entry.prot or "esp").lower() != "esp":
        return f"prot={_shown(entry.prot or '')} is not esp"
    if (entry.mod or "trans").lower() != "trans":
        return f"mod={_shown(entry.mod or '')} is not trans"
    return _numbers(entry)


def _numbers(entry: SecurityMechanism) -> Endpoints | str:
    spi_c, spi_s, port_c, port_s = entry.spi_c, entry.spi_s, entry.port_c or None, entry.port_s or None
    if spi_c is not None and spi_s is not None and port_c is not None and port_s is not None:
        return Endpoints(spi_c, spi_s, port_c, port_s)
    numbers = {"spi-c": spi_c, "spi-s": spi_s, "port-c": port_c, "port-s": port_s}
    faulty = (name for name, number in numbers.items() if number is None)
    return ", ".join(f"{n} is no valid number" if n in entry.params else f"{n} is missing" for n in faulty)


def _shown(text: str) -> str:
    return safe_text(text, limit=40)
