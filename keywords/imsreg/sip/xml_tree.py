"""XML from the wire as a small tree: namespaces resolved, no DTD, no entities of its own, bounded."""

from __future__ import annotations

from dataclasses import dataclass, field
from xml.parsers import expat

from imsreg.errors import ImsRegError
from imsreg.sip.errors import show

MAX_XML = 65536
"""Octets a document may have before it is refused."""
MAX_ELEMENTS = 4096
"""Elements a document may have before it is refused."""
MAX_DEPTH = 16
"""Elements that may stand inside each other before a document is refused."""

XML_LANG = "http://www.w3.org/XML/1998/namespace lang"
"""The attribute xml:lang, as `Element.attributes` names it."""

_XML = "XML 1.0"


class XmlError(ImsRegError):
    """A document is not well-formed, or holds what is not read: a document type, too many octets, too deep a nesting.

    `what` says what is wrong, `line` where (1-based in the document).
    """

    def __init__(self, what: str, line: int) -> None:
        self.what = what
        self.line = line
        super().__init__(what, line)

    def __str__(self) -> str:
        return f"line {self.line} of the document: {self.what}"


@dataclass(slots=True)
class Element:
    """One element. Names in a namespace are "namespace name", names without one the name alone.

    `text` is all character data directly inside, joined. `line` is where the element begins (1-based).
    """

    name: str
    attributes: dict[str, str]
    line: int
    text: str = ""
    children: list[Element] = field(default_factory=list)

    def all(self, name: str) -> list[Element]:
        """The children of that name."""
        return [child for child in self.children if child.name == name]

    def first(self, name: str) -> Element | None:
        """The first child of that name, or None."""
        return next(iter(self.all(name)), None)


def read_xml(octets: bytes) -> Element:
    """The root of a document in UTF-8, whatever encoding it declares. Raises XmlError. The time is linear."""
    if len(octets) > MAX_XML:
        raise XmlError(f"a document of {len(octets)} octets, more than the {MAX_XML} that are read", 1)
    if b"\x00" in octets or octets[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise XmlError("UTF-16 or binary octets, not XML in UTF-8", 1)
    builder = _Builder()
    try:
        builder.parser.Parse(octets, True)
    except expat.ExpatError as error:
        why = expat.errors.messages[error.code]
        raise XmlError(
            f"not well-formed UTF-8 XML: {why} in column {error.offset + 1} ({_XML})", error.lineno
        ) from None
    return builder.root


class _Builder:
    """The handlers of one parse."""

    root: Element

    def __init__(self) -> None:
        self.parser = expat.ParserCreate("UTF-8", " ")
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text
        # Entities can be declared in a document type only: without one there is nothing that could expand.
        self.parser.StartDoctypeDeclHandler = self._doctype
        self._count = 0
        self._open: list[Element] = []
        self._texts: list[list[str]] = []

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        line = self.parser.CurrentLineNumber
        element = Element(name, attributes, line)
        if len(self._open) == MAX_DEPTH:
            raise XmlError(f"elements stand inside each other more than {MAX_DEPTH} deep", line)
        self._count += 1
        if self._count > MAX_ELEMENTS:
            raise XmlError(f"more than the {MAX_ELEMENTS} elements that are read", line)
        if self._open:
            self._open[-1].children.append(element)
        else:
            self.root = element
        self._open.append(element)
        self._texts.append([])

    def _end(self, _name: str) -> None:
        self._open.pop().text = "".join(self._texts.pop())

    def _text(self, data: str) -> None:
        self._texts[-1].append(data)

    def _doctype(self, name: str, _system: str | None, _public: str | None, _subset: bool) -> None:
        raise XmlError(f"a document type ({show(name)}): those are not read", self.parser.CurrentLineNumber)
