"""Feature tags: what a UE says of its abilities in the parameters of Contact (RFC 3840 9)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from imsreg.sip.params import Param, Params

BASE_TAGS = frozenset(
    (
        *("audio", "automata", "class", "duplex", "data", "control", "mobility", "description", "events", "priority"),
        *("methods", "schemes", "application", "video", "language", "type", "isfocus", "actor", "text", "extensions"),
    )
)
"""The tags that are written without a plus sign (RFC 3840 9, RFC 3841 4)."""

_NUMBER = r"[+-]?[0-9]+(?:\.[0-9]*)?"
_NUMERIC = re.compile(rf"#(?:(?P<relation>>=|<=|=)(?P<bound>{_NUMBER})|(?P<low>{_NUMBER}):(?P<high>{_NUMBER}))")
_TOKEN = re.compile(r"[A-Za-z0-9\-.%*_+`'~]+")
_TAG_NAME = re.compile(r"\+[A-Za-z][A-Za-z0-9!'.\-%]*")
_MAX_DIGITS = 64
"""Characters of a number that are converted: far beyond any ability."""


@dataclass(frozen=True, slots=True)
class TagValue:
    """One value of a list: a token, or a range of numbers whose missing end is None. `negated`: anything but this."""

    token: str | None
    low: Decimal | None = None
    high: Decimal | None = None
    negated: bool = False


@dataclass(frozen=True, slots=True)
class FeatureTag:
    """One feature tag: `name` in lower case, with its plus sign if it has one.

    `string` is the text between < and >; `values` the list of alternatives. A tag without a value is true, which is
    the list of the one token "TRUE".
    """

    name: str
    values: tuple[TagValue, ...] = ()
    string: str | None = None


_TRUE = (TagValue("TRUE"),)


def feature_tags(params: Params) -> Mapping[str, FeatureTag]:
    """The feature tags among the parameters of a Contact; of a name that comes twice, the first."""
    found: dict[str, FeatureTag] = {}
    for param in params.all:
        name = param.name.lower()
        if (name in BASE_TAGS or _TAG_NAME.fullmatch(name)) and name not in found:
            tag = _feature_tag(name, param)
            if tag is not None:
                found[name] = tag
    return found


def _feature_tag(name: str, param: Param) -> FeatureTag | None:
    if param.value is None:
        return FeatureTag(name, _TRUE)
    if param.value.startswith("<") and param.value.endswith(">"):
        return FeatureTag(name, string=param.value[1:-1])
    values = [_tag_value(each.strip(" \t")) for each in param.value.split(",")]
    known = tuple(value for value in values if value is not None)
    return FeatureTag(name, known) if len(known) == len(values) else None


def _tag_value(text: str) -> TagValue | None:
    negated = text.startswith("!")
    value = text[1:] if negated else text
    if _TOKEN.fullmatch(value):
        return TagValue(value, negated=negated)
    numeric = _NUMERIC.fullmatch(value)
    if numeric is None or len(value) > 2 * _MAX_DIGITS:
        return None
    if numeric["relation"] is None:
        return TagValue(None, Decimal(numeric["low"]), Decimal(numeric["high"]), negated)
    bound = Decimal(numeric["bound"])
    low, high = {">=": (bound, None), "<=": (None, bound), "=": (bound, bound)}[numeric["relation"]]
    return TagValue(None, low, high, negated)
