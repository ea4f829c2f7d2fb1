"""The IVs of AES-GCM and AES-GMAC (RFC 4106 3.1, RFC 4543 3.1): a second packet with one IV gives the key away."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from imsreg.transcript.esp import EspEntry
from imsreg.verdict.checks.registry import check
from imsreg.verdict.esp_history import MadeSet
from imsreg.verdict.esp_payload import combined_iv
from imsreg.verdict.esp_view import AUTHENTIC, NO_SET, shown
from imsreg.verdict.offers import NOTHING_IN_COMMON, refused
from imsreg.verdict.outcome import Breach, Held, Moot, Outcome, Unmet
from imsreg.verdict.view import View


@check("rfc4106-3.1-01")
def gcm_repeats_no_iv(view: View) -> Iterator[Outcome]:
    """AES-GCM: all associations of a set have one key (TS 33.203 Annex I), so no two packets of the DUT share an IV."""
    return _unique(view, "aes-gcm")


@check("rfc4543-3.1-01")
def gmac_repeats_no_iv(view: View) -> Iterator[Outcome]:
    """AES-GMAC, likewise."""
    return _unique(view, "aes-gmac")


def _unique(view: View, algorithm: str) -> Iterator[Outcome]:
    """Copies that the network makes are told by their sequence number, which is that of the packet before."""
    secured, decided = view.secured, False
    for made in secured.sets:
        if not _uses(made, algorithm):
            continue
        first: dict[bytes, EspEntry] = {}
        for record in secured.arrived_on(made):
            iv = combined_iv(record.event.octets) if record.event.fate in AUTHENTIC else None
            if iv is None:
                continue
            decided = True
            before = first.setdefault(iv, record)
            copy = (before.event.spi, before.event.sequence) == (record.event.spi, record.event.sequence)
            if copy:
                yield Held(secured.place(record))
            else:
                actual = f"IV {iv.hex()} in {shown(before)} and {shown(record)}"
                yield Breach(secured.place(record), "an IV that no other packet with this key has", actual)
    if not decided:
        yield NOTHING_IN_COMMON if refused(view) else _without_occasion(secured.sets, algorithm)


def _without_occasion(sets: Sequence[MadeSet], algorithm: str) -> Outcome:
    if not sets:
        return NO_SET
    if any(_uses(made, algorithm) for made in sets):
        return Unmet(f"no packet of the DUT with {algorithm} was kept")
    if any(algorithm in each.keys.transform for made in sets for each in made.candidates):
        return Unmet(f"whether it was {algorithm} or another algorithm of both lists does not show")
    return Moot(f"the two sides have not agreed on {algorithm}")


def _uses(made: MadeSet, algorithm: str) -> bool:
    """Whether it is certain that the set has this algorithm."""
    return all(algorithm in each.keys.transform for each in made.candidates)
