"""The location service: order, atomicity, URI equality, time."""

from __future__ import annotations

from random import Random

import pytest

from imsreg.registration.location import (
    MAX_BINDINGS,
    ContactUpdate,
    LocationService,
    OutOfOrder,
    TooManyBindings,
)
from imsreg.sip.headers.name_addr import Contact

RECORD = "sip:alice@home.example"


def update(uri, seconds=3600, call_id="one", cseq=1, path=()):
    return ContactUpdate(Contact.parse(f"<{uri}>"), seconds, call_id, cseq, path)


def uris(service, now=0.0):
    return [b.contact.uri.text for b in service.bindings(RECORD, now)]


@pytest.fixture
def service():
    made = LocationService()
    made.update(RECORD, [update("sip:a@192.0.2.1"), update("sip:a@192.0.2.2")], 0.0)
    return made


def test_bindings_are_listed_oldest_first_with_what_the_request_said(service):
    service.update(RECORD, [update("sip:a@192.0.2.3", 60, "two", 9, ("<sip:p@192.0.2.9;lr>",))], 5.0)
    assert uris(service, 5.0) == ["sip:a@192.0.2.1", "sip:a@192.0.2.2", "sip:a@192.0.2.3"]
    last = service.bindings(RECORD, 5.0)[2]
    assert (last.call_id, last.cseq, last.path, last.expires_at) == ("two", 9, ("<sip:p@192.0.2.9;lr>",), 65.0)


def test_a_refresh_keeps_the_place_and_brings_its_own_path(service):
    service.update(RECORD, [update("sip:a@192.0.2.1", 60, "one", 2, ("<sip:p@x;lr>",))], 1.0)
    assert uris(service, 1.0) == ["sip:a@192.0.2.1", "sip:a@192.0.2.2"]
    first, second = service.bindings(RECORD, 1.0)
    assert (first.expires_at, first.path) == (61.0, ("<sip:p@x;lr>",))
    assert (second.expires_at, second.path) == (3600.0, ())


@pytest.mark.parametrize("cseq", [0, 1])
def test_a_cseq_that_is_not_higher_changes_nothing(service, cseq):
    for seconds in (0, 60):
        with pytest.raises(OutOfOrder):
            service.update(RECORD, [update("sip:a@192.0.2.9"), update("sip:a@192.0.2.1", seconds, cseq=cseq)], 1.0)
    assert uris(service) == ["sip:a@192.0.2.1", "sip:a@192.0.2.2"]
    assert service.bindings(RECORD, 1.0)[0].expires_at == 3600.0


def test_another_call_id_updates_and_removes_whatever_its_cseq(service):
    service.update(RECORD, [update("sip:a@192.0.2.1", 60, "two", 0)], 1.0)
    assert service.bindings(RECORD, 1.0)[0].expires_at == 61.0
    service.update(RECORD, [update("sip:a@192.0.2.1", 0, "three", 0)], 1.0)
    assert uris(service) == ["sip:a@192.0.2.2"]


def test_contacts_of_one_request_are_in_order_with_each_other(service):
    service.update(RECORD, [update("sip:a@192.0.2.1", s, cseq=2) for s in (60, 0, 120)], 0.0)
    assert sorted(uris(service)) == ["sip:a@192.0.2.1", "sip:a@192.0.2.2"]
    assert [b.remaining(0.0) for b in service.bindings(RECORD, 0.0)] == [3600, 120]


def test_removing_what_is_not_there_is_no_fault(service):
    service.update(RECORD, [update("sip:b@192.0.2.1", 0)], 0.0)
    assert len(uris(service)) == 2


@pytest.mark.parametrize(
    ("stored", "same"),
    [
        ("sip:a@[2001:db8::1]", "sip:a@[2001:0DB8:0:0::1]"),
        ("sip:%61lice@HOST.example", "sip:alice@host.example"),
        ("sip:a@h;x=1", "sip:a@h"),
    ],
)
def test_a_contact_is_found_by_uri_comparison(stored, same):
    service = LocationService()
    service.update(RECORD, [update(stored)], 0.0)
    service.update(RECORD, [update(same, 60, cseq=2)], 0.0)
    assert uris(service) == [same]
    service.update(RECORD, [update(stored, 0, cseq=3)], 0.0)
    assert uris(service) == []


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("sip:a@h", "sip:A@h"),
        ("sip:a@h", "sip:a@h:5060"),
        ("sip:a@h", "sip:a@h;transport=tcp"),
        ("sip:%00@h", "sip:%00%00@h"),
        ("sip:a@h", "sips:a@h"),
    ],
)
def test_contacts_that_differ_are_two_bindings(one, other):
    service = LocationService()
    service.update(RECORD, [update(one), update(other)], 0.0)
    assert uris(service) == [one, other]


def test_a_contact_that_equals_several_takes_the_place_of_all():
    for seconds, left in ((60, ["sip:a@h"]), (0, [])):
        service = LocationService()
        service.update(RECORD, [update("sip:a@h;x=1"), update("sip:a@h;x=2")], 0.0)
        service.update(RECORD, [update("sip:a@h", seconds, cseq=2)], 0.0)
        assert uris(service) == left


def test_an_order_fault_with_any_of_several_equal_bindings_counts():
    service = LocationService()
    service.update(RECORD, [update("sip:a@h;x=1", call_id="one"), update("sip:a@h;x=2", call_id="two", cseq=9)], 0.0)
    with pytest.raises(OutOfOrder):
        service.update(RECORD, [update("sip:a@h", call_id="two", cseq=9)], 0.0)
    assert len(uris(service)) == 2


def test_star_removes_all_or_nothing(service):
    service.update(RECORD, [update("sip:a@192.0.2.3", call_id="two", cseq=5)], 0.0)
    with pytest.raises(OutOfOrder):
        service.remove_all(RECORD, "two", 5, 0.0)
    assert len(uris(service)) == 3
    service.remove_all(RECORD, "two", 6, 0.0)
    assert uris(service) == []


def test_a_binding_ends_at_its_time_and_shows_at_least_a_second_before(service):
    last = service.bindings(RECORD, 3599.9)[0]
    assert last.remaining(3599.9) == 1
    assert last.remaining(3590.4) == 10
    assert service.bindings(RECORD, 3600.0) == ()


def test_what_has_ended_is_no_hindrance_to_a_lower_cseq(service):
    service.update(RECORD, [update("sip:a@192.0.2.1", cseq=0)], 3600.0)
    assert uris(service, 3600.0) == ["sip:a@192.0.2.1"]


def test_the_number_of_bindings_is_bounded(service):
    for number in range(2, MAX_BINDINGS):
        service.update(RECORD, [update(f"sip:b@192.0.2.{number}")], 0.0)
    with pytest.raises(TooManyBindings):
        service.update(RECORD, [update("sip:c@192.0.2.1")], 0.0)
    with pytest.raises(TooManyBindings):
        service.update(RECORD, [update("sip:a@192.0.2.1", 0, cseq=2)] * (MAX_BINDINGS + 1), 0.0)
    assert len(uris(service)) == MAX_BINDINGS
    service.update(RECORD, [update("sip:a@192.0.2.1", 0, cseq=2), update("sip:c@192.0.2.1")], 0.0)
    assert len(uris(service)) == MAX_BINDINGS


def test_records_are_apart_and_empty_ones_cost_nothing(service):
    for number in range(100):
        record = f"sip:{number}@home.example"
        service.update(record, [update("sip:a@h")], 0.0)
        service.update(record, [update("sip:a@h", 0, cseq=2)], 0.0)
    assert len(uris(service)) == 2
    service.remove_all(RECORD, "other", 0, 0.0)
    assert not service._bindings


def test_random_updates_agree_with_a_plain_model():
    """A dictionary by address is the model: the contacts differ in nothing that comparison overlooks."""
    for seed in range(40):
        random = Random(seed)
        service, model, now = LocationService(), {}, 0.0
        for _ in range(60):
            now += random.choice((0.0, 0.0, 1.0, 40.0))
            model = {k: v for k, v in model.items() if v[0] > now}
            call_id, cseq = random.choice("xy"), random.randrange(8)
            hosts = random.sample(range(5), random.randint(1, 3))
            wanted = {f"sip:a@192.0.2.{h}": random.choice((0, 30, 100)) for h in hosts}
            in_order = all(model[u][1] != call_id or cseq > model[u][2] for u in wanted if u in model)
            try:
                service.update(RECORD, [update(u, s, call_id, cseq) for u, s in wanted.items()], now)
                assert in_order
                model |= {u: (now + s, call_id, cseq) for u, s in wanted.items()}
                model = {k: v for k, v in model.items() if v[0] > now}
            except OutOfOrder:
                assert not in_order
            found = {b.contact.uri.text: (b.expires_at, b.call_id, b.cseq) for b in service.bindings(RECORD, now)}
            assert found == model
