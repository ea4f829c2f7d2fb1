"""Where a node with a set of associations is attached."""

from __future__ import annotations

from imsreg.secagree.associations import SaSet, Side
from imsreg.sip.flow import Address, Transport


def protected_ports(sas: SaSet, side: Side) -> tuple[tuple[Address, tuple[Transport, ...]], ...]:
    """This side's client and server port, and over what a node is attached there (TS 33.203 7.1).

    Datagrams come to both; connections are made to the server port only.
    """
    host, ends = (sas.ue_host, sas.ue) if side is Side.UE else (sas.p_cscf_host, sas.p_cscf)
    return (Address.of(host, ends.port_c), ("UDP",)), (Address.of(host, ends.port_s), ("UDP", "TCP"))
