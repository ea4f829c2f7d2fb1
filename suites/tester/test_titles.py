"""Tests have titles of their own: evidence of one is kept under its title, whichever suite it is in."""

from __future__ import annotations

from collections import Counter

from robot import api

from imsreg.paths import data


def test_no_two_tests_have_one_title() -> None:
    titles = Counter(test.name.casefold() for test in api.TestSuite.from_file_system(data("suites")).all_tests)
    assert [title for title, count in titles.items() if count > 1] == []
