"""Packets of a UE that ESP kept from being messages: what their records say about it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from imsreg.secagree.events import Direction, Fate
from imsreg.transcript.transcript import Transcript

_MEANINGS: Mapping[Fate, str] = {
    Fate.BAD_ICV: "other keys or algorithms than CK, IK and the chosen combination give",
    Fate.UNKNOWN_SPI: "an SPI that Security-Server has not named",
    Fate.DELETED_SPI: "associations that are gone",
    Fate.REPLAY: "sequence numbers that have been used",
    Fate.WRONG_SELECTOR: "ports or addresses that are not those of the association",
    Fate.MALFORMED: "no ESP packet of the chosen algorithms",
    Fate.CLEAR: "no association, which a protected port takes nothing without",
}


def lost_packets(transcript: Transcript) -> Iterator[str]:
    """One line for each way in which packets of the UE were lost, the most frequent first."""
    fates = Counter(entry.event.fate for entry in transcript.esp if entry.event.direction is Direction.IN)
    for fate, count in fates.most_common():
        if (meaning := _MEANINGS.get(fate)) is not None:
            yield f"{count} packet{'' if count == 1 else 's'} of the UE came to nothing, {fate}: {meaning}"
