"""The files of an Allure results directory that are about the run: its categories and its environment."""

from __future__ import annotations

import json
from collections.abc import Mapping

CATEGORIES: tuple[dict[str, object], ...] = (
    {
        "name": "Conformance failures",
        "description": "A requirement was broken: clause, expected, actual, where.",
        "matchedStatuses": ["failed", "broken"],
        "messageRegex": r"^[^\n]*\[[^\]\n]+\] (?:MUST|SHOULD|MAY): [\s\S]*$",
    },
    {
        "name": "INCONCLUSIVE",
        "description": "Tool, network or an unmet precondition: nothing is said about the DUT.",
        "matchedStatuses": ["failed", "broken"],
        "messageRegex": r"^INCONCLUSIVE [\s\S]*$",
    },
    {
        "name": "Known deviations",
        "description": "The profile lists the failure with its reason.",
        "matchedStatuses": ["skipped"],
        "messageRegex": r"^KNOWN: [\s\S]*$",
    },
    {
        "name": "Not applicable",
        "description": "The profile, or the tester's host, lacks what the test needs.",
        "matchedStatuses": ["skipped"],
        "messageRegex": r"^N/A: [\s\S]*$",
    },
)
"""The verdicts as categories. The expressions fit a whole message, as Allure 2 asks, and its beginning, as 3 does."""


def files(facts: Mapping[str, str]) -> dict[str, str]:
    """What to write by file name, `facts` about DUT and tester being the environment."""
    return {
        "categories.json": json.dumps(CATEGORIES, indent=2) + "\n",
        "environment.properties": "".join(
            f"{_escaped(name).replace(' ', '.')}={_escaped(value)}\n" for name, value in facts.items()
        ),
    }


def _escaped(text: str) -> str:
    """One line of ASCII, as property files have it."""
    plain = "".join(f"\\{c}" if c in "\\=:#!" else c for c in text)
    return "".join(c if " " <= c <= "~" else _units(c) for c in plain)


def _units(character: str) -> str:
    octets = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{octets[i]:02x}{octets[i + 1]:02x}" for i in range(0, len(octets), 2))
