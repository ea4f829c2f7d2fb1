"""Messages in segments of a test's choice: what goes on the wire, what the transcript says, and what is refused."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from imsreg.errors import InputError
from imsreg.paths import data
from imsreg.sip.draft import Draft
from imsreg.sip.flow import Packet
from imsreg.tester.cscf_case import CscfCase
from imsreg.tester.memory_dut import MemoryDut
from imsreg.tester.session import Session
from imsreg.tester.settings import Settings
from imsreg.verdict.segments import cut_messages

PROFILES = ("embedded-core-plain.yaml", "embedded-core-ipsec.yaml")


@pytest.fixture(params=PROFILES)
def case(request: pytest.FixtureRequest) -> Iterator[CscfCase]:
    """A test on the reference core, in memory."""
    profile = data("fixtures", "profiles", request.param)
    with Session(Settings(profile=profile, link="memory", seed=1)) as session:
        case = CscfCase(session, "segments", ())
        yield case
        case.close()


def pieces_of(case: CscfCase) -> list[bytes]:
    """What arrives at the core from now on, piece by piece."""
    dut, pieces = case.session.dut, []
    assert isinstance(dut, MemoryDut)

    def packet(arrived: Packet, **context: object) -> Packet:
        pieces.append(arrived.data)
        return arrived

    dut.seams.hooks["p-cscf.packet"] = packet
    return pieces


def initial(case: CscfCase) -> Draft:
    """The first REGISTER of a registration."""
    return case.ue.registration.initial_register()


def test_two_requests_leave_in_one_segment_and_are_two_entries(case: CscfCase) -> None:
    case.power_on(transport="TCP")
    pieces = pieces_of(case)
    first, second = initial(case), initial(case)
    case.send_cut([first, second])
    assert [response.status for response in case.expect_each()] == [401, 401]
    assert pieces == [first.to_bytes() + second.to_bytes()]
    assert [entry.raw for entry in case.transcript.entries if entry.sent] == [first.to_bytes(), second.to_bytes()]
    assert cut_messages(case.transcript) == {1, 2}


def test_a_request_leaves_in_three_segments_and_is_one_entry(case: CscfCase) -> None:
    case.power_on(transport="TCP")
    pieces = pieces_of(case)
    register = initial(case)
    octets = register.to_bytes()
    case.send_cut([register], [20, -2])
    assert case.expect().status == 401
    assert pieces == [octets[:20], octets[20:-2], octets[-2:]]
    assert [entry.raw for entry in case.transcript.entries if entry.sent] == [octets]


def test_line_ends_are_no_request(case: CscfCase) -> None:
    case.power_on(transport="TCP")
    pieces = pieces_of(case)
    register = initial(case)
    case.send_cut([b"\r\n", register])
    assert [response.status for response in case.expect_each()] == [401]
    assert pieces == [b"\r\n" + register.to_bytes()]


def test_datagrams_have_no_segments(case: CscfCase) -> None:
    case.power_on(transport="UDP")
    with pytest.raises(InputError, match="power the UE on with transport=TCP"):
        case.send_cut([initial(case)])
    assert not case.transcript.events


def test_there_is_something_to_wait_for(case: CscfCase) -> None:
    case.power_on(transport="TCP")
    with pytest.raises(InputError, match="hold no request"):
        case.send_cut([b"\r\n\r\n"])


def test_a_cut_outside_stops_before_anything_is_sent(case: CscfCase) -> None:
    case.power_on(transport="TCP")
    with pytest.raises(InputError, match="is no place inside"):
        case.send_cut([initial(case)], [100_000])
    assert not case.transcript.entries
