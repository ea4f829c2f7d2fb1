"""Conditions: what parses, what holds for which claims, and how the deciding claims are explained."""

from __future__ import annotations

import re

import pytest

from imsreg.verdict.condition import Condition

CLAIMS = {
    "security": "headers",
    "transports": ("udp",),
    "families": ("ipv4", "ipv6"),
    "release": 14,
    "gruu": True,
    "outbound": False,
    "max-expires": None,
    "min-expires": 60,
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", True),
        ("   ", True),
        ("gruu", True),
        ("outbound", False),
        ("emergency", False),
        ("not outbound", True),
        ("not not gruu", True),
        ("transports has udp", True),
        ("transports has tcp", False),
        ("families has ipv6", True),
        ("ipsec-algorithms has hmac-sha-1-96", False),
        ("security>=headers", True),
        ("security >= ipsec", False),
        ("security=headers", True),
        ("security<=none", False),
        ("release>=12", True),
        ("release>=15", False),
        ("release=14", True),
        ("min-expires<=60", True),
        ("max-expires<=3600", False),
        ("max-expires>=0", False),
        ("not max-expires<=3600", True),
        ("gruu and outbound", False),
        ("gruu or outbound", True),
        ("outbound and gruu or gruu", True),
        ("outbound and (gruu or gruu)", False),
        ("not gruu or gruu", True),
        ("not (gruu or outbound)", False),
    ],
)
def test_holds(text: str, expected: bool) -> None:
    assert Condition.parse(text).holds(CLAIMS) is expected


def test_omitted_claims_are_false_or_unknown() -> None:
    assert not Condition.parse("gruu or transports has udp or release>=5 or security>=headers").holds({})
    assert Condition.parse("security=none").holds({})


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("grruu", '"grruu" is no ICS name'),
        ("transports", 'write "transports has ..."'),
        ("transports has sctp", '"sctp" is none of udp, tcp'),
        ("transports has", "it ends where a value is expected"),
        ("ipsec-algorithms has )", "a value is expected"),
        ("security", "it ends where >="),
        ("security>=tls", '"tls" is none of none, headers, ipsec'),
        ("release>12", "is not understood"),
        ("release>=twelve", 'not with "twelve"'),
        ("release has 12", 'not by "has"'),
        ("gruu outbound", '"outbound" is not expected there'),
        ("gruu and", "it ends where"),
        ("and gruu", '"and" is no ICS name'),
        ("(gruu", 'a ")" is missing'),
        ("gruu)", '")" is not expected there'),
        ("()", '")" is no ICS name'),
        ("GRUU", "is not understood"),
        ("(" * 40 + "gruu" + ")" * 40, "nested too deeply"),
        ("not " * 5000 + "gruu", "nested too deeply"),
    ],
)
def test_what_is_no_condition_is_refused(text: str, problem: str) -> None:
    with pytest.raises(ValueError, match=re.escape(problem)):
        Condition.parse(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        ("transports has tcp", "profile says transports: udp"),
        ("outbound", "profile says outbound: false"),
        ("not gruu", "profile says gruu: true"),
        ("max-expires<=3600", "profile says max-expires: unknown"),
        ("security>=ipsec", "profile says security: headers"),
        ("ipsec-algorithms has aes-cbc", "profile says ipsec-algorithms: none"),
        ("gruu and outbound and release>=15", "profile says outbound: false, release: 14"),
        ("outbound or emergency", "profile says outbound: false, emergency: false"),
        ("not (gruu or outbound)", "profile says gruu: true"),
        (
            "families has ipv4 and outbound and not families has ipv6",
            "profile says outbound: false, families: ipv4, ipv6",
        ),
    ],
)
def test_explains_by_the_claims_that_decide(text: str, expected: str) -> None:
    assert Condition.parse(text).explain(CLAIMS) == expected


def test_keeps_its_text() -> None:
    assert str(Condition.parse(" gruu  and release>=12 ")) == "gruu  and release>=12"
