"""What every octet string of the fuzzers goes through: each reader of the SIP room, with the errors that it declares.

Whatever else comes out of a reader is a finding: another exception, or one of the promises below that does not hold.
"""

from __future__ import annotations

import importlib
import pkgutil
import time
from random import Random

from imsreg.sip import headers
from imsreg.sip.draft import Draft
from imsreg.sip.errors import UriError
from imsreg.sip.framing import Frame, FramingError, StreamFramer
from imsreg.sip.headers.base import Header
from imsreg.sip.lint.lint import lint
from imsreg.sip.lint.rules import RULES
from imsreg.sip.message import HeaderError, Message, MessageError, Request, Response, parse
from imsreg.sip.reginfo import Reginfo, ReginfoError, build_reginfo, parse_reginfo
from imsreg.sip.uri import Uri, equivalent

LIMIT = 0.1
"""Seconds of processor time that one reader may take for one input."""


class Broken(Exception):
    """A reader kept no promise."""


def typed_headers() -> tuple[type[Header], ...]:
    """Every typed header, in the order of names."""
    found: set[type[Header]] = set()
    for module in pkgutil.iter_modules(headers.__path__):
        for value in vars(importlib.import_module(f"{headers.__name__}.{module.name}")).values():
            if isinstance(value, type) and issubclass(value, Header) and "NAME" in vars(value):
                found.add(value)
    return tuple(sorted(found, key=lambda header: header.NAME))


TYPED = typed_headers()
PROPERTIES = {
    header: [name for name in dir(header) if isinstance(getattr(header, name, None), property)] for header in TYPED
}


class TooSlow(Broken):
    """A reader took too long, once: the machine may have been busy with something else."""


class Clock:
    """The longest that each reader took within the limit, in seconds of processor time of this thread."""

    def __init__(self) -> None:
        self.longest: dict[str, float] = {}
        self._began = 0.0

    def start(self) -> None:
        """A reader begins."""
        self._began = time.thread_time()

    def stop(self, reader: str) -> None:
        """The reader has ended. Raises TooSlow if it took too long."""
        taken = time.thread_time() - self._began
        if taken > LIMIT:
            raise TooSlow(f"{reader} took {1000 * taken:.0f} ms")
        if taken > self.longest.get(reader, 0.0):
            self.longest[reader] = taken


def read_message(octets: bytes, clock: Clock, *, thorough: bool) -> bool:
    """Everything that reads messages; `thorough` adds what takes longer. Whether the octets are a message at all."""
    clock.start()
    try:
        message = parse(octets)
    except MessageError as error:
        clock.stop("parse")
        if "\n" in str(error):
            raise Broken("why it is no message is not one line") from error
        return False
    clock.stop("parse")
    clock.start()
    read_typed(message, again=thorough)
    clock.stop("typed headers")
    if not octets.endswith(message.body + message.surplus):
        raise Broken("body and surplus are not the end of the message")
    if thorough:
        clock.start()
        run_lint(message)
        clock.stop("lint")
        add_a_field(message)
    return True


def read_typed(message: Request | Response, *, again: bool) -> None:
    """Defects and every typed header; `again`: what was read, written and read again is the same."""
    for defect in message.defects:
        if "\n" in str(defect.what):
            raise Broken("a defect is not one line")
    for header in TYPED:
        try:
            values = message.get_all(header)
        except HeaderError as error:
            if "\n" in str(error):
                raise Broken(f"an error of {header.NAME} is not one line") from error
        else:
            if again:
                for value in values:
                    read_again(value)


def read_again(value: Header) -> None:
    """The text of a header is read as the same header, which has the same text; all its properties have a value."""
    for name in PROPERTIES[type(value)]:
        getattr(value, name)
    text = str(value)
    same = type(value).parse(text)
    if same != value or str(same) != text:
        raise Broken(f"{value.NAME} {text!r} is not read as it was written")


def add_a_field(message: Request | Response) -> None:
    """A draft with one more field is the same message otherwise, every field with its octets."""
    try:
        changed = Draft.of(message).add("X-Added", "1").to_message()
    except MessageError:
        return  # the message was as large as can be
    fields = [each.raw for each in changed.headers[:-1]]
    if fields != [each.raw for each in message.headers] or changed.body != message.body:
        raise Broken("a draft with one more field has changed the others")


def run_lint(message: Request | Response) -> None:
    """Lint names known rules and places that exist."""
    lines = 1 + message.raw.count(b"\n")
    for finding in lint(message):
        if finding.rule not in RULES or not 1 <= finding.line <= lines or finding.column < 1 or "\n" in str(finding):
            raise Broken(f"lint finds {finding}")


def read_stream(octets: bytes, random: Random, clock: Clock) -> None:
    """A stream cut anywhere gives the frames that it gives whole, and each of them is a message or none."""
    clock.start()
    whole, lost = frames(octets, [len(octets)])
    clock.stop("framing")
    cuts = sorted(random.randrange(len(octets) + 1) for _ in range(random.randrange(1, 6)))
    pieces, lost_too = frames(octets, [*cuts, len(octets)])
    if whole != pieces or lost != lost_too:
        raise Broken(f"cut at {cuts} the stream has other frames")
    for frame in whole:
        if isinstance(frame, bytes):
            try:
                message: Message = parse(frame, stream=True)
            except MessageError:
                continue
            if message.surplus:
                raise Broken("a frame has a surplus")


def frames(octets: bytes, ends: list[int]) -> tuple[list[Frame], bool]:
    """The frames of a stream that comes in pieces, and whether the framing was lost.

    Two line ends are a ping, and one alone may be the half of it: pieces do not change that.
    """
    framer, found, at = StreamFramer(), list[Frame](), 0
    for end in ends:
        try:
            found += framer.feed(octets[at:end])
        except FramingError as error:
            return found + error.frames, True
        at = end
    return found, False


def read_reginfo(octets: bytes, clock: Clock) -> bool:
    """A document that can be read is built and read as the same. Whether it can be read."""
    clock.start()
    try:
        document = parse_reginfo(octets)
    except ReginfoError as error:
        if "\n" in str(error):
            raise Broken("an error of reginfo is not one line") from error
        return False
    finally:
        clock.stop("reginfo")
    built = parse_reginfo(build_reginfo(document))
    if (built.version, built.state) != (document.version, document.state) or contacts(built) != contacts(document):
        raise Broken("a document is not read as it was written")
    return True


def contacts(document: Reginfo) -> list[tuple[str, int]]:
    """Addresses-of-record with the number of their contacts."""
    return [(each.aor, len(each.contacts)) for each in document.registrations]


def read_uris(text: str) -> None:
    """A URI is equivalent to itself, and its address-of-record can be compared with."""
    try:
        uri = Uri.parse(text)
    except UriError:
        return
    if str(uri) != text or not equivalent(uri, uri) or not isinstance(uri.address_of_record(), str):
        raise Broken(f"the URI {text!r} is not itself")
