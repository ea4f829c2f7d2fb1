"""Nothing is answered that came only in a packet which was wrong on purpose (TS 33.203 6.3)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from imsreg.secagree.events import Fate, Fault
from imsreg.sip.matching import ClientKey
from imsreg.sip.message import Request, Response
from imsreg.transcript.spoiled import carried
from imsreg.verdict.checks.registry import check
from imsreg.verdict.esp_payload import response_in
from imsreg.verdict.esp_view import SecuredView, shown
from imsreg.verdict.outcome import Breach, Held, Outcome, Unmet
from imsreg.verdict.view import View


@check("33.203-6.3-02")
def answers_nothing_spoiled(view: View) -> Iterator[Outcome]:
    """No response to a request that was sent only with a wrong ICV, SPI or port, or in the clear to a protected port.

    Such a request is no message of the ladder; a note has its branch, by which a response answers it and nothing else
    (RFC 3261 17.1.3). It may come in the clear, too, where only the record of its packet tells of it. What answers
    neither this nor any message, such as a late response to something of an earlier test, decides nothing.
    """
    secured = view.secured
    spoiled = [record for record in secured.injected if record.event.injected is not Fault.REPLAY]
    if not spoiled:
        yield Unmet("no packet was sent with a fault on purpose")
        return
    foreign = [each for each in _foreign(secured) if spoiled[0].number <= each.records]
    requests = tuple(carried(secured.transcript.events))
    answers = [f for f in foreign if any(f.branch == each.branch and each.after < f.number for each in requests)]
    for each in answers:
        latest = next(record for record in reversed(spoiled) if record.number <= each.records)
        yield Breach(each.place, f"no answer to {shown(latest)}", each.actual)
    if answers:
        return
    if foreign and len(requests) < len(spoiled):
        yield Unmet("the DUT answers what nobody asked, and which request went in a spoiled packet is not known")
        return
    for record in spoiled:
        waited = secured.waited(record.at)
        yield Held(secured.place(record)) if waited else Unmet(f"the tester did not wait after {shown(record)}")


class _Foreign(NamedTuple):
    """A response to nothing that the tester had sent as a message before entry `number`.

    `place` is where a finding stands. So many `records` of packets were before it.
    """

    number: int
    records: int
    place: int
    branch: str
    actual: str


def _foreign(secured: SecuredView) -> Iterator[_Foreign]:
    """Those of the ladder, and those in packets outside of ESP, which reach nobody."""
    for entry in secured.transcript.strays:
        branch = _branch(entry.message)
        if not entry.sent and isinstance(entry.message, Response) and not _asked(secured, branch, entry.number):
            records = sum(record.after < entry.number for record in secured.records)
            yield _Foreign(entry.number, records, entry.number, branch, f"{entry.label} {secured.way(entry)}")
    for record in secured.arrived:
        inner, number = record.event.inner, record.after + 1
        if record.event.fate is not Fate.CLEAR or inner is None or not secured.of_dut(inner):
            continue
        response = response_in(record.event.octets, inner.transport)
        branch = _branch(response)
        if response is not None and not _asked(secured, branch, number):
            actual = f"{response.status} {shown(record)}"
            yield _Foreign(number, record.number, secured.place(record), branch, actual)


def _asked(secured: SecuredView, branch: str, number: int) -> bool:
    """Whether the tester has sent a request with this branch, as a message, before entry `number`."""
    before = (x.request for x in secured.asked if x.request.number < number)
    return any(_branch(each.message) == branch for each in before)


def _branch(message: Request | Response | None) -> str:
    """The branch at the top; nothing where there is none, which answers nothing (RFC 3261 17.1.3)."""
    if isinstance(message, Request):
        key = ClientKey.of_request(message)
    else:
        key = None if message is None else ClientKey.of_response(message)
    return "" if key is None else key.branch
