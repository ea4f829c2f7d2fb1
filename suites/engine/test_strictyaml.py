"""YAML into types: what is accepted, and the line that each refusal gives."""

import datetime
from typing import Annotated, Literal

import msgspec
import pytest
from msgspec import Meta

from imsreg import strictyaml
from imsreg.errors import InputError


class Leaf(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    imsi: Annotated[str, Meta(pattern=r"^[0-9]+\Z", description="an IMSI")] = "0"
    count: Annotated[int, Meta(ge=1)] | None = None
    ratio: float = 1.0
    flag: bool = False
    until: datetime.date | None = None
    colour: Literal["red", "green"] = "red"
    names: tuple[str, ...] = ()
    one_or_more: str | tuple[str, ...] = ""

    def __post_init__(self) -> None:
        if self.imsi == "13":
            raise ValueError("13 is not given out")


class Tree(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    leaves: tuple[Leaf, ...] = ()
    named: dict[str, Leaf] = {}
    counts: dict[Literal["a", "b"], int] = {}
    version: str = ""


def _loads(text, shape=Tree, **options):
    return strictyaml.loads(text, "tree.yaml", shape, **options)


def _refusal(text, shape=Tree, **options) -> InputError:
    with pytest.raises(InputError) as caught:
        _loads(text, shape, **options)
    assert caught.value.where == "tree.yaml"
    assert "\n" not in str(caught.value)
    return caught.value


def test_a_good_document_comes_out_typed():
    text = """
    leaves:
      - {imsi: "001010000000001", count: 2, ratio: 0.5, flag: true, until: 2027-06-30, colour: green}
      - {names: [a, 'b'], one_or_more: [c], ratio: 2}
    counts: {a: -1}
    version: "4.10"
    """
    tree = _loads(text)
    first, second = tree.leaves
    assert first == Leaf("001010000000001", 2, 0.5, True, datetime.date(2027, 6, 30), "green")
    assert (second.names, second.one_or_more, second.ratio) == (("a", "b"), ("c",), 2.0)
    assert tree.counts == {"a": -1}
    assert tree.version == "4.10"


def test_octets_and_a_byte_order_mark_are_read():
    assert _loads(b"\xef\xbb\xbfversion: \xc3\xa9").version == "é"


def test_a_date_keeps_its_text_where_text_is_wanted():
    assert _loads("version: 2026-11-02").version == "2026-11-02"
    assert _loads("leaves: [{until: '2026-11-02'}]").leaves[0].until == datetime.date(2026, 11, 2)


TRAPS = [
    ("leaves: [{imsi: 001010000000001}]", "leaves[0].imsi", "octal", '"001010000000001"'),
    ("leaves: [{imsi: 69793218561}]", "leaves[0].imsi", "whole number", '"69793218561"'),
    ("version: 4.10", "version", "a number", '"4.10"'),
    ("version: on", "version", "true or false", '"on"'),
    ("version: No", "version", "true or false", '"No"'),
    ("version: 1:30", "version", "base 60", '"1:30"'),
    ("version: ::1\nleaves: [{count: 1:1}]", "leaves[0].count", "base 60", "plain decimal"),
    ("leaves: [{count: 010}]", "leaves[0].count", "octal", "plain decimal"),
    ("leaves: [{count: 0x10}]", "leaves[0].count", "hexadecimal", "plain decimal"),
    ("leaves: [{count: 1_000}]", "leaves[0].count", "notation", "plain decimal"),
    ("leaves: [{ratio: .nan}]", "leaves[0].ratio", "notation", "plain decimal"),
    ("leaves: [{ratio: -.inf}]", "leaves[0].ratio", "notation", "plain decimal"),
    ("leaves: [{ratio: 1.0e+999}]", "leaves[0].ratio", "notation", "plain decimal"),
    ("version:", "version", "no value", "leave the field out"),
    ("version: ~", "version", "no value", "leave the field out"),
]


@pytest.mark.parametrize(("text", "field", "problem", "remedy"), TRAPS)
def test_what_yaml_misreads_is_refused_with_what_to_write(text, field, problem, remedy):
    error = _refusal(text)
    assert error.field == field
    assert problem in error.problem
    assert remedy in error.remedy


WRONG = [
    ("leaves: [{count: '1'}]", "leaves[0].count", "is text, a whole number is wanted"),
    ("leaves: [{count: 1.5}]", "leaves[0].count", "is a number, a whole number is wanted"),
    ("leaves: [{count: true}]", "leaves[0].count", "is true or false, a whole number is wanted"),
    ("leaves: [{flag: 'true'}]", "leaves[0].flag", "is text, true or false is wanted"),
    ("leaves: [{count: 0}]", "leaves[0].count", "0 is refused: expected a whole number >= 1"),
    ("leaves: [{names: a}]", "leaves[0].names", "is text, a list is wanted"),
    ("leaves: [{names: [a, 7]}]", "leaves[0].names[1]", "text is wanted"),
    ("leaves: [{one_or_more: 7}]", "leaves[0].one_or_more", "text or a list is wanted"),
    ("leaves: [{one_or_more: {}}]", "leaves[0].one_or_more", "is a mapping, text or a list is wanted"),
    ("leaves: [{}, {imsi: x1}]", "leaves[1].imsi", "x1 is not an IMSI"),
    ("leaves: [{}, {imsi: '13'}]", "leaves[1]", "13 is not given out"),
    ("leaves: [{until: 2027-13-01}]", "leaves[0].until", "2027-13-01 is refused: not a date"),
    ("leaves: [{colour: blue}]", "leaves[0].colour", "not one of the known values: green, red"),
    ("counts: {a: 1, c: 2}", "counts.c", "no key that is known here: a, b"),
    ("counts: {b: 1, a: x}", "counts.a", "a whole number is wanted"),
    ("leaves: {}", "leaves", "is a mapping, a list is wanted"),
    ("[]", "", "is a list, a mapping is wanted"),
    ("text", "", "is text, a mapping is wanted"),
]


@pytest.mark.parametrize(("text", "field", "problem"), WRONG)
def test_a_wrong_value_is_named_by_its_path(text, field, problem):
    error = _refusal(text)
    assert error.field == field
    assert problem in error.problem
    assert "(line 1)" in error.problem


@pytest.mark.parametrize("good", range(12))
def test_the_entry_of_a_mapping_is_named_too(good):
    lines = [f"  good{n}: {{count: 1}}\n" for n in range(good)]
    error = _refusal("named:\n" + "".join(lines) + "  bad: {count: 1, colour: 5}\n  worse: {count: x}\n  good: {}\n")
    assert error.field == "named.bad.colour"
    assert f"(line {good + 2})" in error.problem


def test_a_missing_field_is_named():
    class Needs(msgspec.Struct, forbid_unknown_fields=True):
        name: str
        imsi: str

    error = _refusal("- {name: a, imsi: b}\n- {name: a}\n", list[Needs])
    assert (error.field, error.problem, error.remedy) == ("[1].imsi", "is missing (line 2)", "add it")


def test_an_unknown_field_brings_the_nearest_and_all_known_ones():
    error = _refusal("leaves: [{imis: '1'}]")
    assert error.field == "leaves[0].imis"
    assert "did you mean imsi?" in error.remedy
    assert "until" in error.remedy
    assert "did you mean" not in _refusal("zzz: 1").remedy


def test_a_repeated_key_is_refused_with_both_lines():
    error = _refusal("version: a\nleaves: []\nversion: b\n")
    assert (error.field, error.problem) == ("version", "stands twice, in lines 1 and 3")
    assert _refusal("leaves: [{count: 1, count: 1}]").field == "leaves[0].count"


NOT_READ = [
    ("version: &a b\nleaves: *a", "alias"),
    ("version: &a [*a]", "alias"),
    ("version: !!str 1", "tag"),
    ("version: !include x", "tag"),
    ("version: !!python/object/apply:os.system [x]", "tag"),
    ("version: a\n---\nversion: b", "second document"),
    ("yes: 1", "key yes"),
    ("7: 1", "key 7"),
    ("? [a]\n: b", "key that is not plain text"),
    ("<<: {version: b}", "not a known field"),
    ("leaves: [", "line 2, column 1: is not YAML"),
    ("a: b: c", "is not YAML"),
    ("version: a\n\tb: c", "is not YAML"),
    ("version: \x07", "is not YAML: control characters"),
    ("version: 'a", "is not YAML"),
    ("", "is empty"),
    ("# nothing but a comment", "is empty"),
    (b"version: \xff", "is not UTF-8"),
    ("version: \udc80", "is not UTF-8"),
    ("version: a".encode("utf-16"), "is not UTF-8"),
]


@pytest.mark.parametrize(("text", "problem"), NOT_READ)
def test_what_is_not_one_plain_document_is_refused(text, problem):
    assert problem in str(_refusal(text))


@pytest.mark.parametrize(
    "text",
    [
        "[" * 900_000,
        "{" * 900_000,
        "- " * 400_000,
        "? " * 400_000,
        "leaves: " + "1:" * 400_000 + "1",
        "leaves: " + "9" * 900_000,
        "leaves: 1" + "e" * 900_000,
        "leaves: " + "1_" * 400_000,
        "x" * (strictyaml.MAX_OCTETS + 1),
    ],
    ids=lambda text: text[:12],
)
def test_excess_is_refused_with_a_short_line(text):
    assert len(str(_refusal(text))) < 400


def test_nesting_is_bounded_and_usable_up_to_there():
    deep = lambda levels: "leaves: " + "[" * levels + "]" * levels  # noqa: E731
    assert "nested deeper" in _refusal(deep(32)).problem
    assert "nested deeper" not in _refusal(deep(31)).problem


KEY = "465b5ce8b199b49faa5f0a2ee238a6bc"
DIGITS = "11112222333344445555666677778888"
OCTAL = "1112222333344445555666677771111"


@pytest.mark.parametrize(
    "text",
    [
        f"version: [{KEY}]",
        f"version: {DIGITS}",
        f"version: 0{OCTAL}",
        f"{KEY}: 1",
        f"{{k {KEY}}}",
        f"leaves: [{{imsi: {KEY}}}]",
        f"leaves: [{{colour: {KEY}}}]",
        f"leaves: [{{until: {KEY}}}]",
        f"counts: {{{KEY}: 1}}",
        f"version: {KEY} : x",
        f"leaves:\n  {KEY}\n  - x",
    ],
)
@pytest.mark.parametrize("secret", [True, False])
def test_a_key_in_any_wrong_place_stays_hidden(text, secret):
    line = str(_refusal(text, secret=secret))
    for shown in (KEY, KEY[:8], DIGITS, OCTAL, str(int(OCTAL, 8))):
        assert shown not in line


@pytest.mark.parametrize("text", ["version: 12345", "version: [s3cret]", "leaves: [{imsi: s3cret}]", "12345: x"])
def test_no_value_of_a_secret_file_shows_however_short(text):
    line = str(_refusal(text, secret=True))
    assert "12345" not in line
    assert "s3cret" not in line


def test_control_characters_of_a_name_come_out_escaped():
    assert _refusal('named: {"\\e[31m": 1}').field == r"named.\x1b[31m"


def test_a_file_is_read_and_named_in_errors(tmp_path):
    path = tmp_path / "tree.yaml"
    path.write_text("version: a")
    assert strictyaml.load(path, Tree).version == "a"
    path.write_text("version: 1")
    with pytest.raises(InputError, match="version: YAML reads 1") as caught:
        strictyaml.load(path, Tree)
    assert caught.value.where == str(path)


def test_a_file_that_cannot_be_read_is_an_input_error(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        strictyaml.load(tmp_path / "absent.yaml", Tree)
    with pytest.raises(InputError, match="cannot be read"):
        strictyaml.load(tmp_path, Tree)
    (tmp_path / "long.yaml").write_bytes(b"#" * (strictyaml.MAX_OCTETS + 1))
    with pytest.raises(InputError, match="longer than"):
        strictyaml.load(tmp_path / "long.yaml", Tree)
