"""Who was tested, by what: as every report says it."""

from __future__ import annotations

from imsreg import __version__
from imsreg.tester.session import Session
from imsreg.text import safe_text
from imsreg.verdict.profile import Dut


def run_facts(session: Session) -> dict[str, str]:
    """What there is to say, by name: DUT, DUT version, DUT build, DUT role, DUT address, profile, security, imsreg."""
    dut = session.profile.dut
    facts = {
        "DUT": dut.name,
        "DUT version": dut.version,
        "DUT build": dut.build,
        "DUT role": dut.role,
        "DUT address": f"{', '.join(session.places)} {'/'.join(dut.transports)}".lstrip(),
        "profile": str(session.profile.path),
        "security": session.protection,
        "imsreg": __version__,
    }
    return {name: safe_text(value) for name, value in facts.items() if value}


def dut_line(session: Session) -> str:
    """ "Acme core 4.2 2026-11-02 (core, 127.0.2.1:5060, udp/tcp)"; where a UE is, nobody may know."""
    dut = session.profile.dut
    return f"{dut_name(dut)} ({', '.join((dut.role, *session.places, '/'.join(dut.transports)))})"


def dut_name(dut: Dut) -> str:
    """Make, version and build."""
    return safe_text(" ".join(part for part in (dut.name, dut.version, dut.build) if part))
