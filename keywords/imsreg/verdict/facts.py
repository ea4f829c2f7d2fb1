"""What the judge knows beside the wire: the profile's view of the DUT, and the subscribers whose keys it may use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from imsreg.identity.subscribers import Subscriber
from imsreg.sip.flow import Address


@dataclass(frozen=True, slots=True)
class Facts:
    """Facts of one run. `dut` are the addresses at which the DUT listens; subscribers are found by IMPI."""

    home_domain: str
    security: str
    release: int
    subscribers: Mapping[str, Subscriber]
    dut: tuple[Address, ...] = ()
