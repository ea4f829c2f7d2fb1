"""A Secret shows nothing, wherever a careless line of code puts it."""

import copy
import json
import pickle
import traceback
from dataclasses import asdict, dataclass

import msgspec
import pytest

from imsreg.secret import Secret

CANARY = bytes.fromhex("c0ffee5eed5eedbeefcafe0123456789")


@dataclass(frozen=True)
class Holder:
    name: str
    key: Secret


def _leaks(text: str) -> bool:
    return any(form in text for form in (CANARY.hex(), CANARY.hex().upper(), repr(CANARY), repr(CANARY)[2:-1]))


@pytest.mark.parametrize("show", [repr, str, format, "{}".format, "{:>40}".format, "%s".__mod__, "%r".__mod__, ascii])
@pytest.mark.parametrize("held", [Secret(CANARY), Holder("alice", Secret(CANARY)), [Secret(CANARY)]])
def test_no_text_form_shows_the_octets(show, held):
    if show in (format, "{:>40}".format) and not isinstance(held, Secret):
        held = repr(held)
    text = show(held)
    assert "<secret>" in text
    assert not _leaks(text)


@pytest.mark.parametrize("length", [0, 1, 16, 32])
def test_the_repr_is_the_same_for_every_key(length):
    assert repr(Secret(bytes(length))) == "<secret>"


def test_a_traceback_with_local_variables_shows_nothing():
    def fails(holder: Holder) -> None:
        key = holder.key
        raise RuntimeError(f"cannot use {key} of {holder}")

    with pytest.raises(RuntimeError) as caught:
        fails(Holder("alice", Secret(CANARY)))
    text = "".join(traceback.TracebackException.from_exception(caught.value, capture_locals=True).format())
    assert "<secret>" in text
    assert not _leaks(text)


@pytest.mark.parametrize(
    "serialise", [pickle.dumps, copy.copy, copy.deepcopy, json.dumps, msgspec.json.encode, hash, list, bytes]
)
def test_it_does_not_leave_through_a_serialiser(serialise):
    with pytest.raises(TypeError) as caught:
        serialise(Secret(CANARY))
    assert not _leaks(str(caught.value))


@pytest.mark.parametrize("serialise", [pickle.dumps, copy.deepcopy, asdict])
def test_nor_does_a_dataclass_that_holds_it(serialise):
    with pytest.raises(TypeError):
        serialise(Holder("alice", Secret(CANARY)))


def test_it_compares_counts_and_reveals():
    assert Secret(CANARY) == Secret(bytearray(CANARY))
    assert Secret(CANARY) != Secret(CANARY[:-1])
    assert Secret(CANARY) != CANARY
    assert len(Secret(CANARY)) == 16
    assert Secret(CANARY).reveal() == CANARY
