"""Messages and keep-alives out of a stream, in pieces of any size."""

import time

import pytest

from imsreg.sip.flow import Address, Flow
from imsreg.sip.framing import FramingError, KeepAlive, StreamFramer
from imsreg.sip.message import MAX_MESSAGE, parse
from imsreg.sip.streams import Streams

PING, PONG = KeepAlive.PING, KeepAlive.PONG


def message(*fields: str, body: bytes = b"", end: str = "\r\n") -> bytes:
    lines = ("NOTIFY sip:ue@127.0.0.1 SIP/2.0", "Call-ID: a", *fields)
    return (end.join(lines) + end * 2).encode() + body


PLAIN = message("Content-Length: 5", body=b"hello")
EMPTY = message("Content-Length: 0")


def feed_whole(data: bytes) -> list[bytes | KeepAlive]:
    return StreamFramer().feed(data)


@pytest.mark.parametrize(
    "head",
    [
        message("Content-Length: 5"),
        message("content-length:5"),
        message("l: 5"),
        message("L \t: 5"),
        message("Content-Length:\r\n  5"),
        message("Content-Length: 5\r\n "),
        message("Content-Length: 0005"),
        message("Content-Length: 5", "l: 5"),
        message("Content-Length: 5", end="\n"),
        message("Content-Length: 0"),
        message(),
        message("Content-Length:"),
        message("Content-Length: -5"),
        message("Content-Length: five"),
        message("Content-Length: 5 5"),
        message("Content-Length: 5", "Content-Length: 4"),
        message("Content-Length: 5", "Content-Length: x"),
        message("Content-Length: 5\r"),
        message("Content-Length: " + "0" * 5000 + "5"),
        message("Content-Length: 5, 5"),
        message("X-Content-Length: 5", "Subject: a\r\n Content-Length: 5"),
        message("Subject: content-length: 5"),
    ],
)
def test_framer_and_parser_agree_where_the_message_ends(head: bytes) -> None:
    """A frame followed by octets that begin a message: what the framer cuts off is what the parser takes as a body."""
    frame = feed_whole(head + b"hello" + EMPTY)[0]
    assert isinstance(frame, bytes)
    rest = parse(head + b"hello", stream=True)
    assert frame == head + rest.body
    assert parse(frame, stream=True).body == rest.body


def test_missing_content_length_ends_the_message_with_its_header_and_is_a_defect() -> None:
    (frame,) = feed_whole(message())
    assert isinstance(frame, bytes)
    assert any("Content-Length" in defect.what for defect in parse(frame, stream=True).defects)


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64, 10_000])
def test_pieces_of_any_size_give_the_same_frames(size: int) -> None:
    stream = (
        b"\r\n\r\n" + PLAIN + EMPTY + b"\r\n" + PLAIN + b"\r\n\r\n\r\n" + message("l: 1", body=b"x", end="\n") + EMPTY
    )
    framer = StreamFramer()
    frames = [frame for at in range(0, len(stream), size) for frame in framer.feed(stream[at : at + size])]
    assert frames == [PING, PLAIN, EMPTY, PLAIN, PING, message("l: 1", body=b"x", end="\n"), EMPTY]
    assert framer.idle


@pytest.mark.parametrize(
    ("octets", "frames"),
    [
        (b"\r\n\r\n", [PING]),
        (b"\r\n" * 4, [PING, PING]),
        (b"\r\n" * 3 + EMPTY, [PING, EMPTY]),
        (b"\r\n" + EMPTY, [EMPTY]),
        (b"\n\r\n\r\r\n" + EMPTY, [EMPTY]),
        (b"\n\n" + EMPTY, [EMPTY]),
        (b"\r\n", []),
    ],
)
def test_line_ends_between_messages(octets: bytes, frames: list[bytes | KeepAlive]) -> None:
    """RFC 5626 4.4.1: two CRLF are a ping. RFC 3261 7.5: any other line end before a start line is passed over."""
    assert feed_whole(octets) == frames


def test_line_ends_inside_a_body_are_no_keep_alive() -> None:
    with_line_ends = message("Content-Length: 8", body=b"\r\n\r\n\r\n\r\n")
    assert feed_whole(with_line_ends + b"\r\n\r\n") == [with_line_ends, PING]


def test_single_line_end_is_a_pong_after_a_ping_was_sent() -> None:
    framer = StreamFramer()
    framer.expect_pong()
    idle_before = framer.idle
    assert framer.feed(b"\r\n") == [PONG]
    assert (idle_before, framer.idle) == (False, True)
    assert framer.feed(b"\r\n\r\n") == [PING]


def test_pongs_of_two_pings_are_not_a_ping() -> None:
    framer = StreamFramer()
    framer.expect_pong()
    framer.expect_pong()
    assert framer.feed(b"\r\n\r\n" + EMPTY) == [PONG, PONG, EMPTY]


def test_message_of_the_largest_size_is_read() -> None:
    head = message("Content-Length: 00000")
    size = MAX_MESSAGE - len(head)
    largest = head.replace(b"00000", b"%05d" % size) + b"x" * size
    assert feed_whole(largest + EMPTY) == [largest, EMPTY]


@pytest.mark.parametrize(
    "endless",
    [
        message("Content-Length: 65536"),
        message("Content-Length: 999999999999"),
        b"x" * (MAX_MESSAGE + 1),
        message("Subject: " + "x" * MAX_MESSAGE),
        b"A: b\r\n" * MAX_MESSAGE,
    ],
)
def test_too_large_a_message_loses_the_framing_but_not_what_came_before(endless: bytes) -> None:
    framer = StreamFramer()
    with pytest.raises(FramingError, match="more than the 65536 that are read") as caught:
        framer.feed(PLAIN + endless)
    assert caught.value.frames == [PLAIN]
    assert caught.value.data == endless[:MAX_MESSAGE]
    assert framer.lost
    assert framer.feed(PLAIN) == []
    assert framer.pending == b""


def test_pending_is_the_unfinished_message() -> None:
    framer = StreamFramer()
    framer.feed(EMPTY + PLAIN[:-1])
    assert framer.pending == PLAIN[:-1]
    assert not framer.idle


@pytest.mark.parametrize("octets", [b"\n", b"\r\n", b"\r", b"a\r\n", EMPTY, EMPTY.replace(b"\r", b""), b"l:\n \n"])
def test_time_is_linear_in_the_number_of_octets(octets: bytes) -> None:
    """Sixteen times the octets, far less than the 256-fold time that looking at everything again would take."""

    def seconds(size: int) -> float:
        framer, began = StreamFramer(), time.process_time()
        for at in range(0, size, 3):
            framer.feed(stream[at : min(at + 3, size)])
        return time.process_time() - began

    stream = octets * (64_000 // len(octets))
    assert seconds(64_000) < 100 * max(seconds(4_000), 0.0005)


def flow(connection: int) -> Flow:
    return Flow("TCP", Address("127.0.0.1", 5060), Address("127.0.0.2", 40000 + connection), connection)


def test_connections_have_framers_of_their_own() -> None:
    streams = Streams()
    assert streams.feed(flow(1), PLAIN[:20]) == []
    assert streams.feed(flow(2), PLAIN) == [PLAIN]
    assert streams.feed(flow(1), PLAIN[20:]) == [PLAIN]
    assert streams.close(flow(1)) == b""


def test_closed_connection_gives_up_its_unfinished_message() -> None:
    streams = Streams()
    streams.feed(flow(1), PLAIN[:20])
    assert streams.close(flow(1)) == PLAIN[:20]
    assert streams.feed(flow(1), PLAIN) == [PLAIN]


def test_too_many_unfinished_messages_push_out_the_oldest() -> None:
    streams = Streams(limit=2)
    for connection in (1, 2, 3):
        streams.feed(flow(connection), PLAIN[:20])
    assert streams.dropped_streams == 1
    assert streams.close(flow(1)) == b""
    assert streams.feed(flow(2), PLAIN[20:]) == [PLAIN]
    assert streams.feed(flow(3), PLAIN[20:]) == [PLAIN]


def test_connections_between_messages_do_not_count() -> None:
    streams = Streams(limit=1)
    for connection in range(100):
        assert streams.feed(flow(connection), PLAIN) == [PLAIN]
    assert streams.dropped_streams == 0


def test_octets_after_the_loss_of_the_framing_are_counted_until_the_connection_closes() -> None:
    streams = Streams()
    with pytest.raises(FramingError):
        streams.feed(flow(1), b"x" * (MAX_MESSAGE + 1))
    assert streams.feed(flow(1), EMPTY) == []
    assert streams.dropped_octets == len(EMPTY)
    streams.close(flow(1))
    assert streams.feed(flow(1), EMPTY) == [EMPTY]
