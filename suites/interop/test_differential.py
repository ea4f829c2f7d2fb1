"""Our field values against those of sipmessage, libosip2 and tshark: no disagreement that nobody has looked at."""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path

import pytest

HERE = str(Path(__file__).parent)
if HERE not in sys.path:
    sys.path.insert(0, HERE)

from differential import ours, review, with_osip  # noqa: E402
from differential.corpus import MADE, Case, corpus  # noqa: E402
from differential.fields import NAMES  # noqa: E402

from imsreg.paths import data  # noqa: E402

PEERS = ("sipmessage", "libosip2", "tshark")
REVIEW = review.reviewed()

pytestmark = pytest.mark.slow


@cache
def cases() -> list[Case]:
    return corpus()


@cache
def mine() -> review.Readings:
    return review.read_ours(cases())


@cache
def found(peer: str) -> review.Found:
    theirs = review.read_by(peer, [case.octets for case in cases()])
    if theirs is None:
        pytest.skip(f"{peer} is not installed")
    return review.compare(cases(), mine(), theirs)


def test_we_read_every_made_message():
    assert all(each is not None for each in mine()[-MADE:])


@pytest.mark.parametrize("peer", PEERS)
def test_every_disagreement_is_known(peer):
    new = found(peer).disagreements.keys() - REVIEW.known(peer)
    assert {key: found(peer).samples[key] for key in new} == {}


@pytest.mark.parametrize("peer", PEERS)
def test_no_row_is_out_of_date(peer):
    """A row that nothing shows any more explains nothing; another version of the peer may have mended it."""
    gone = REVIEW.known(peer) - found(peer).disagreements.keys()
    if gone and review.version(peer) != REVIEW.versions[peer]:
        pytest.skip(f"{peer} has another version, {review.version(peer)}, and reads {len(gone)} cases as we do")
    assert gone == set()


@pytest.mark.parametrize(("peer", "least"), [("sipmessage", 700), ("libosip2", 2100), ("tshark", 2100)])
def test_most_messages_are_compared(peer, least):
    assert found(peer).both >= least


def test_a_new_disagreement_is_found():
    """Somebody who took the last Via for the first would be noticed."""
    message = Case(data("vectors", "seed", "S4.sip").read_bytes(), {"": "S4"})
    right = ours.read(message.octets)
    wrong = {**right, "via branch": ("z9hG4bKother",)}
    assert review.compare([message], [right], [wrong]).disagreements == {("via branch", "S4"): 1}
    assert review.compare([message], [right], [None]).both == 0


def test_rows_name_fields_that_exist():
    assert {field for row in REVIEW.rows for field in row.fields} <= set(NAMES)
    assert len({(row.peer, row.case) for row in REVIEW.rows}) == len(REVIEW.rows)


def test_the_page_has_the_table():
    page = data("docs", "differential.md")
    if not page.is_file():
        pytest.skip("an installed wheel has no docs")
    assert review.markdown(REVIEW) in page.read_text(encoding="utf-8")


def test_without_a_library_there_is_nothing_to_read(monkeypatch):
    monkeypatch.setattr(with_osip, "library", lambda: None)
    assert review.read_by("libosip2", []) is None
