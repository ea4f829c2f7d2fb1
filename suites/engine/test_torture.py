"""The torture set: every message is read, or refused, as its row says, and lint finds what the row names."""

import hashlib
import importlib
import json
import pkgutil
from collections.abc import Iterator
from typing import Annotated, Literal

import msgspec
import pytest
from msgspec import Meta

from imsreg.paths import data
from imsreg.sip import headers
from imsreg.sip.draft import Draft
from imsreg.sip.framing import StreamFramer
from imsreg.sip.headers.base import Header
from imsreg.sip.lint.lint import lint
from imsreg.sip.lint.rules import RULES
from imsreg.sip.lint.violation import Severity
from imsreg.sip.message import MessageError, Request, Response, parse

Text = Annotated[str, Meta(min_length=1)]


class TortureMessage(msgspec.Struct, forbid_unknown_fields=True):
    file: Annotated[str, Meta(pattern="^torture/[a-z0-9-]+.sip$")]
    part: Text
    after: Annotated[str, Meta(pattern="^RFC (4475|5118) [0-9.]+$")] | None
    verdict: Literal["valid", "acceptable", "invalid"]
    why: Text
    clause: Text
    rules: list[Text]
    observations: list[Text]
    transport: Literal["datagram", "stream"]
    framed: bool
    sha256: Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]

    def octets(self) -> bytes:
        return data("vectors", self.file).read_bytes()

    def read(self) -> Request | Response:
        return parse(self.octets(), stream=self.transport == "stream")


class Torture(msgspec.Struct, forbid_unknown_fields=True):
    provenance: Annotated[list[Text], Meta(min_length=1)]
    messages: Annotated[list[TortureMessage], Meta(min_length=1)]
    schema: Literal["schema/torture.json"] = msgspec.field(name="$schema")


ROWS = msgspec.json.decode(data("vectors", "torture.json").read_bytes(), type=Torture).messages
FRAMED = [row for row in ROWS if row.framed]
# Which of two equal parameters of a credential would count? A typed header does not choose.
RIGHT = [row for row in FRAMED if row.verdict != "invalid" and "duplicate-auth-parameter" not in row.observations]


def by_file(rows: list[TortureMessage]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("row", rows, ids=[row.file.removeprefix("torture/") for row in rows])


def typed_headers() -> Iterator[type[Header]]:
    for module in pkgutil.iter_modules(headers.__path__):
        for value in vars(importlib.import_module(f"{headers.__name__}.{module.name}")).values():
            if isinstance(value, type) and issubclass(value, Header) and "NAME" in vars(value):
                yield value


TYPED = frozenset(typed_headers())


def found(row: TortureMessage, severity: Severity) -> list[str]:
    return sorted({each.rule for each in lint(row.read()) if each.severity is severity})


def test_the_schema_is_that_of_the_types() -> None:
    assert json.loads(data("vectors", "schema", "torture.json").read_bytes()) == msgspec.json.schema(Torture)


def test_index_and_folder_hold_the_same() -> None:
    files = sorted(f"torture/{path.name}" for path in data("vectors", "torture").iterdir())
    assert sorted(row.file for row in ROWS) == files


@by_file(ROWS)
def test_a_row_is_in_itself_consistent(row: TortureMessage) -> None:
    assert hashlib.sha256(row.octets()).hexdigest() == row.sha256
    assert set(row.rules) | set(row.observations) <= set(RULES)
    verdict = "invalid" if row.rules or not row.framed else "acceptable" if row.observations else "valid"
    assert row.verdict == verdict


@by_file(FRAMED)
def test_lint_finds_what_is_wrong_and_nothing_else(row: TortureMessage) -> None:
    assert found(row, Severity.VIOLATION) == row.rules
    assert found(row, Severity.OBSERVATION) == row.observations


@by_file([row for row in ROWS if not row.framed])
def test_what_is_no_message_is_refused_in_one_line(row: TortureMessage) -> None:
    with pytest.raises(MessageError) as error:
        row.read()
    assert "\n" not in str(error.value)


@by_file(RIGHT)
def test_every_typed_header_of_a_right_message_is_read(row: TortureMessage) -> None:
    message = row.read()
    for header in TYPED:
        values = message.get_all(header)
        assert [header.parse(str(value)) for value in values] == list(values), header
        # A header that may be empty has a field and no value.
        assert values or all(field.value == "" for field in message.fields(header.NAME)), header


@by_file(FRAMED)
def test_a_draft_of_it_gives_the_same_octets(row: TortureMessage) -> None:
    message = row.read()
    assert Draft.of(message).to_bytes() == message.raw


@by_file([row for row in ROWS if row.transport == "stream"])
def test_a_stream_of_it_octet_by_octet_is_cut_where_it_ends(row: TortureMessage) -> None:
    framer, octets = StreamFramer(), row.octets()
    frames = [frame for octet in octets * 2 for frame in framer.feed(bytes((octet,)))]
    assert frames == [octets, octets]
