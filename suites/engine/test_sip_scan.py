"""The small readers that grammars share, and the names that registries give."""

import pytest

from imsreg.sip import scan
from imsreg.sip.option_tags import REGISTERED
from imsreg.sip.params import is_quoted


@pytest.mark.parametrize(
    ("a", "b", "same"),
    [
        ("Tag", "tAG", True),
        ("a", "a", True),
        ("a", "b", False),
        (None, None, True),
        (None, "a", False),
        ("", None, False),
    ],
)
def test_tokens_are_the_same_in_any_case(a: str | None, b: str | None, same: bool) -> None:
    assert scan.same_token(a, b) is same


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", 0.0),
        ("1", 1.0),
        ("0.", 0.0),
        ("0.123", 0.123),
        ("1.000", 1.0),
        ("1.1", None),
        ("0.1234", None),
        ("", None),
    ],
)
def test_qvalues_are_what_the_grammar_allows(text: str, value: float | None) -> None:
    assert scan.qvalue(text) == value


@pytest.mark.parametrize(
    ("text", "quoted"), [('""', True), ('"a\\""', True), ('"a\\"', False), ('"a" "b"', False), ("a", False)]
)
def test_one_quoted_string_from_end_to_end(text: str, quoted: bool) -> None:
    assert is_quoted(text) is quoted


def test_the_tags_of_a_registration_are_registered_in_lower_case() -> None:
    assert {"path", "sec-agree", "gruu", "outbound"} <= REGISTERED
    assert all(tag == tag.lower() for tag in REGISTERED)
