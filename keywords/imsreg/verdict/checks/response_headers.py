"""What responses carry, and what they must not (RFC 3261 7.3.1, 8.2.6.2, 10.3, 20)."""

from __future__ import annotations

from collections.abc import Iterator

from imsreg.sip.headers.name_addr import From, To
from imsreg.sip.message import Message, Request, Response
from imsreg.sip.scan import same_token
from imsreg.sip.timers import RFC3261
from imsreg.transcript.correlation import Exchange
from imsreg.transcript.entries import Entry
from imsreg.verdict.checks.registry import check
from imsreg.verdict.outcome import Breach, Held, Observed, Outcome, Unmet
from imsreg.verdict.view import Replied, View, line_of, readable

MANDATORY = ("Via", "From", "To", "Call-ID", "CSeq")
"""Header fields of every response, all of them copied from the request (RFC 3261 20, tables 2 and 3)."""

SINGLE = (
    *("From", "To", "Call-ID", "CSeq", "Max-Forwards", "Content-Length", "Content-Type", "Date", "Expires"),
    *("Min-Expires", "Retry-After", "Server", "Timestamp", "MIME-Version", "User-Agent"),
)
"""Header fields whose value is no list: a message has them once at most (RFC 3261 7.3.1)."""

NO_REGISTER_ANSWERED = Unmet("no REGISTER was answered")


@check("rfc3261-8.2.6.2-06")
def to_has_a_tag(view: View) -> Iterator[Outcome]:
    """Every response but 100 has a To tag; that of From would be odd."""
    replies = [
        reply
        for reply in view.replies
        if reply.response.status != 100
        and reply.response.field("To")
        and [header.tag for header in readable(reply.request, To)] == [None]
    ]
    if not replies:
        yield Unmet("no request without a To tag got a response other than 100")
    for reply in replies:
        yield _tagged(reply)


def _tagged(reply: Replied) -> Outcome:
    finding = reply.entry, "To with a tag of the DUT's own", f"To: {reply.response.value('To')}"
    line = line_of(reply.response, "To")
    tag = _to_tag(reply.response)
    if not tag:
        return Breach(*finding, line)
    if any(same_token(tag, header.tag) for header in readable(reply.request, From)):
        return Observed(*finding, line)
    return Held(reply.entry)


@check("rfc3261-8.2.6.2-07")
def to_tag_stays(view: View) -> Iterator[Outcome]:
    """All responses to one request but 100 have one To tag, repetitions included.

    Once the transaction is over, after Timer J, the same request begins another one (RFC 3261 17.2.2).
    """
    decided = False
    for exchange in view.transcript.exchanges:
        for outcome in _tags(exchange) if exchange.by_tester else ():
            decided = True
            yield outcome
    if not decided:
        yield Unmet("no request got two responses other than 100 with a To tag")


def _tags(exchange: Exchange) -> Iterator[Outcome]:
    first: tuple[int, str] | None = None
    for entry in exchange.responses:
        message = entry.message
        if _over(exchange, entry):
            return
        tag = _to_tag(message) if isinstance(message, Response) and message.status != 100 else None
        if message is None or not tag:
            continue
        if first is None:
            first = entry.number, tag
        elif same_token(tag, first[1]):
            yield Held(entry.number)
        else:
            expected = f"tag={first[1]} as in message {first[0]} of the ladder"
            yield Breach(entry.number, expected, f"tag={tag}", line_of(message, "To"))


def _over(exchange: Exchange, entry: Entry) -> bool:
    """Whether a response may belong to a transaction that a repeated request has begun."""
    final = exchange.final
    if final is None or entry.number <= final.number:
        return False
    lasts = RFC3261.timer_j(reliable=exchange.request.flow.reliable)
    return any(
        r.number > final.number and r.at - final.at >= lasts and r.number < entry.number for r in exchange.requests
    )


@check("rfc3261-20-01")
def mandatory_fields_are_there(view: View) -> Iterator[Outcome]:
    """The five are there, as far as the request had them to be copied."""
    responses = [(number, m, asked) for number, m, asked in _from_dut(view) if isinstance(m, Response)]
    if not responses:
        yield Unmet("the DUT sent no response")
    for number, message, requests in responses:
        owed = [name for name in MANDATORY if all(request.field(name) for request in requests)]
        missing = [f"no {name}" for name in owed if message.field(name) is None]
        yield Breach(number, ", ".join(owed), ", ".join(missing)) if missing else Held(number)


@check("rfc3261-7.3.1-02")
def single_fields_come_once(view: View) -> Iterator[Outcome]:
    """Compact names count like long ones; what a request had twice may come back twice."""
    messages = list(_from_dut(view))
    if not messages:
        yield Unmet("the DUT sent no message")
    for number, message, requests in messages:
        allowed = {name for name in SINGLE if any(len(request.fields(name)) > 1 for request in requests)}
        repeated = [message.fields(name) for name in SINGLE if name not in allowed and len(message.fields(name)) > 1]
        for first, second, *_ in repeated:
            actual = f"{first.name}: {first.value} and {second.name_raw}: {second.value}"
            yield Breach(number, f"{first.name} once", actual, second.line)
        if not repeated:
            yield Held(number)


@check("rfc3261-10.3-01")
def no_6xx(view: View) -> Iterator[Outcome]:
    """No final response is 6xx. A core's 600 is odd: an older TS 24.229 has it from an I-CSCF that finds no S-CSCF."""
    if not view.answered:
        yield NO_REGISTER_ANSWERED
    for answered in view.answered:
        status = answered.response.status
        finding = answered.entry, "a status below 600", f"{status} {answered.response.reason}".rstrip(), 1
        if status < 600:
            yield Held(answered.entry)
        elif status == 600 and view.facts.role == "core":
            yield Observed(*finding)
        else:
            yield Breach(*finding)


@check("rfc3261-10.3-02")
def no_record_route(view: View) -> Iterator[Outcome]:
    """No response to a REGISTER has Record-Route."""
    replies = [reply for reply in view.replies if reply.request.method == "REGISTER"]
    if not replies:
        yield NO_REGISTER_ANSWERED
    for reply in replies:
        field = reply.response.field("Record-Route")
        if field is None:
            yield Held(reply.entry)
        else:
            yield Breach(reply.entry, "no Record-Route", f"Record-Route: {field.value}", field.line)


def _to_tag(response: Response) -> str | None:
    return next((header.tag for header in readable(response, To)), None)


def _from_dut(view: View) -> Iterator[tuple[int, Message, tuple[Request, ...]]]:
    """Each message of the DUT with the requests that it may be made of: its own, or all before it if none is its own.

    Left out is what may answer octets that are no request: nobody can say what the DUT read in them.
    """
    own = {reply.entry: (reply.request,) for reply in view.replies}
    sent: tuple[Request, ...] = ()
    clear = True
    for entry in view.transcript.entries:
        if entry.sent and isinstance(entry.message, Request):
            sent += (entry.message,)
        elif entry.sent:
            clear = clear and entry.error is None
        elif entry.message is not None and view.transcript.repeat_of(entry) is None and (clear or entry.number in own):
            yield entry.number, entry.message, own.get(entry.number, sent)
