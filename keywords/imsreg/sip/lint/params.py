"""Parameters behind semicolons: each once, and those that the grammar names by their own rules (RFC 3261 7.3.1)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from imsreg.sip.abnf.grammar import sip_grammar
from imsreg.sip.abnf.recogniser import Answer
from imsreg.sip.errors import show
from imsreg.sip.lint.finding import grammar_words
from imsreg.sip.lint.headers import PARAMETERS, WITH_PARAMETERS, Kind, grammar_clause
from imsreg.sip.lint.parts import Parameter, Part, address_uri, parameters
from imsreg.sip.lint.source import Field, Source
from imsreg.sip.lint.violation import Violation

_BASE_TAGS = frozenset(
    (
        *("actor", "application", "audio", "automata", "class", "control", "data", "description", "duplex", "events"),
        *("extensions", "isfocus", "language", "methods", "mobility", "priority", "schemes", "text", "type", "video"),
    )
)


def elements(field: Field) -> list[Part]:
    """The values of a field that follows its grammar: the elements of its comma list, or the one that it has."""
    if field.info is not None and field.info.kind is Kind.LIST:
        return [part for part in field.value.cut(b",") if part.octets]
    return [field.value]


def element_parameters(field: Field, element: Part) -> list[Parameter]:
    """The parameters of one value of a field."""
    pieces = element.cut(b";")
    # Everything is a parameter in P-Charging-Vector; elsewhere the value itself comes first.
    return list(parameters(pieces if field.name == "P-Charging-Vector" else pieces[1:]))


def lacks_brackets(field: Field, element: Part) -> bool:
    """Whether a value of From, To or Contact is a URI that needs angle brackets and has none (RFC 3261 20)."""
    if field.name not in ("From", "To", "Contact") or element.octets == b"*" or address_uri(element)[1]:
        return False
    return sip_grammar().recognise("bare-address", element.octets).answer is not Answer.YES


def header_parameters(source: Source) -> Iterator[Violation]:
    """Repeated names, and values against the rule of their parameter."""
    for field in source.good(*WITH_PARAMETERS):
        if field.name == "Retry-After" and b"(" in field.value.octets:
            continue  # a semicolon in its comment begins no parameter
        assert field.info is not None
        for element in elements(field):
            if lacks_brackets(field, element):
                continue  # nobody can tell where its URI ends
            found = element_parameters(field, element)
            yield from repeated(source, found, "duplicate-parameter")
            yield from against_rules(source, found, PARAMETERS.get(field.name, {}), grammar_clause(field.info))
            if field.name == "Contact":
                yield from _feature_tags(source, found)


def repeated(source: Source, found: list[Parameter], rule: str) -> Iterator[Violation]:
    """Parameters whose name has come before."""
    seen: set[str] = set()
    for parameter in found:
        if parameter.name and parameter.name in seen:
            yield source.find(rule, parameter.whole.at, f"{show(parameter.name)} comes twice", "each parameter once")
        seen.add(parameter.name)


def against_rules(source: Source, found: list[Parameter], rules: Mapping[str, str], clause: str) -> Iterator[Violation]:
    """Parameters that do not follow the rule that `rules` has for their name."""
    for parameter in found:
        rule = rules.get(parameter.name)
        if rule is None or (rule == "via-received" and _bracketed(parameter)):
            continue
        recognition = sip_grammar().recognise(rule, parameter.whole.octets)
        if recognition.answer is not Answer.YES:
            what, right = grammar_words(f"the parameter {parameter.name}", recognition, parameter.whole)
            yield source.find("parameter-grammar", parameter.whole.at + recognition.reached, what, right, clause)


def _bracketed(parameter: Parameter) -> bool:
    return parameter.value is not None and parameter.value.octets.startswith(b"[")


def _feature_tags(source: Source, found: list[Parameter]) -> Iterator[Violation]:
    for parameter in found:
        if parameter.name in _BASE_TAGS or (parameter.name.startswith("+") and parameter.name != "+sip.instance"):
            recognition = sip_grammar().recognise("feature-param", parameter.whole.octets)
            if recognition.answer is not Answer.YES:
                what, right = grammar_words(f"the feature tag {show(parameter.name)}", recognition, parameter.whole)
                yield source.find("feature-tag", parameter.whole.at + recognition.reached, what, right)
