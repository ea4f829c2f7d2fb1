"""Where a message begins and ends: in a stream, and in a datagram of any size (RFC 3261 7.5, 18.1.1, 18.3, 20)."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address

from imsreg.sip.message import Request
from imsreg.transcript.entries import Entry
from imsreg.verdict import forms
from imsreg.verdict.alike import compared, expectation, same_answer
from imsreg.verdict.authentication import Attempt
from imsreg.verdict.checks.registry import check
from imsreg.verdict.outcome import Breach, Held, Observed, Outcome, Unmet
from imsreg.verdict.segments import cut_messages
from imsreg.verdict.view import View


@check("rfc3261-20-02")
def gives_every_message_on_a_stream_its_length(view: View) -> Iterator[Outcome]:
    """Whatever the DUT sends over TCP has a Content-Length. Whether it is right, the framing shows."""
    sent = [e for e in view.transcript.entries if not e.sent and e.flow.reliable and e.message is not None]
    if not sent:
        yield Unmet("the DUT sent no message over TCP")
    for entry in sent:
        assert entry.message is not None
        if entry.message.field("Content-Length") is not None:
            yield Held(entry.number)
        else:
            yield Breach(entry.number, "Content-Length in a message over TCP", "no Content-Length")


@check("rfc3261-18.1.1-01")
def large_datagrams_are_read(view: View) -> Iterator[Outcome]:
    """A REGISTER of some 4 kB over UDP gets what a small one gets."""
    return compared(view, forms.large, f"more than {forms.LARGE} octets", _unless_too_large)


@check("rfc3261-7.5-01")
def line_ends_before_a_message_are_ignored(view: View) -> Iterator[Outcome]:
    """A REGISTER right after line ends on the same connection gets what one without them gets."""
    behind = _behind_line_ends(view)
    return compared(view, lambda attempt: attempt.number in behind, "line ends before it")


@check("rfc3261-18.3-01")
def segments_are_no_messages(view: View) -> Iterator[Outcome]:
    """A REGISTER that shares its segment, or came in several, gets what one in a segment of its own gets."""
    others = cut_messages(view.transcript) - _behind_line_ends(view)  # of which rfc3261-7.5-01 is
    return compared(view, lambda attempt: attempt.number in others, "segments cut elsewhere", _unless_misread)


def _unless_too_large(view: View, attempt: Attempt, model: Attempt, what: str) -> Outcome:
    """513 says that the DUT could not. Between two hosts fragments get lost, and silence says nothing."""
    if attempt.final is None and not ip_address(attempt.exchange.request.destination.host).is_loopback:
        return Unmet("a large datagram was not answered, and may have got lost on its way")
    if attempt.status == 513:
        return Observed(attempt.final_entry.number, expectation(model, what), "513")
    return same_answer(view, attempt, model, what)


def _unless_misread(view: View, attempt: Attempt, model: Attempt, what: str) -> Outcome:
    """Who answers has found the message. Another answer may be due to a REGISTER at the same time (RFC 3261 10.2)."""
    if attempt.final is not None and attempt.status not in (model.status, 400):
        return Observed(attempt.final_entry.number, expectation(model, what), f"{attempt.status}")
    return same_answer(view, attempt, model, what)


def _behind_line_ends(view: View) -> frozenset[int]:
    return frozenset(entry.number for entry in view.transcript.entries if _after_line_ends(view, entry))


def _after_line_ends(view: View, entry: Entry) -> bool:
    """Whether line ends alone are the last thing that the tester sent before this request on its connection."""
    if not entry.sent or not entry.flow.reliable or not isinstance(entry.message, Request):
        return False
    earlier = (e for e in reversed(view.transcript.entries[: entry.number - 1]) if e.sent and e.flow == entry.flow)
    before = next(earlier, None)
    return before is not None and not before.raw.strip(b"\r\n")
