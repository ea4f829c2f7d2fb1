"""The body application/3gpp-ims+xml, of which only the request for another registration is read (TS 24.229 7.6)."""

from __future__ import annotations

from collections.abc import Iterator

from imsreg.sip.xml_tree import Element, XmlError, read_xml

MEDIA_TYPE = "application/3gpp-ims+xml"
"""Its type."""


def asks_for_initial_registration(body: bytes) -> bool:
    """Whether an alternative service in it is restoration, by an initial registration. Not for what cannot be read."""
    try:
        root = read_xml(body)
    except XmlError:
        return False
    return any(
        {"restoration", "initial-registration"} <= {each.text.strip() for each in service.children}
        for service in _named(root, "alternative-service")
    )


def _named(root: Element, name: str) -> Iterator[Element]:
    """The children with this name, in whatever namespace."""
    return (each for each in root.children if each.name.rpartition(" ")[2] == name)
