"""Route vectors in the 2xx: Service-Route (RFC 3608 6.3) and Path (RFC 3327 4, 5)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from imsreg.sip.errors import HeaderError
from imsreg.sip.headers.name_addr import Route
from imsreg.verdict.checks.registry import check
from imsreg.verdict.outcome import Breach, Held, Moot, Observed, Outcome, Unmet
from imsreg.verdict.view import View, elements

_QUOTED = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*"', re.DOTALL)


@check("rfc3608-6.3-01")
def service_routes_read_as_routes(view: View) -> Iterator[Outcome]:
    """name-addr, with parameters or without, in every Service-Route value."""
    yield from _syntax(view, "Service-Route")


@check("rfc3608-6.3-02")
def service_routes_are_loose(view: View) -> Iterator[Outcome]:
    """The lr parameter in the URI of every Service-Route value."""
    yield from _loose(view, "Service-Route")


@check("rfc3327-4-01")
def paths_read_as_routes(view: View) -> Iterator[Outcome]:
    """name-addr, with parameters or without, in every Path value."""
    yield from _syntax(view, "Path")


@check("rfc3327-4-02")
def paths_are_loose(view: View) -> Iterator[Outcome]:
    """The lr parameter in the URI of every Path value."""
    yield from _loose(view, "Path")


@check("rfc3327-5.2-01")
def shows_the_path_to_the_ue(view: View) -> Iterator[Outcome]:
    """A UE that lists path learns from the 2xx which proxies will be on the way to it."""
    decided = False
    for answered in view.registered:
        if "path" not in answered.attempt.request.option_tags("Supported"):
            yield Unmet("the REGISTER does not list path in Supported")
            continue
        decided = True
        if answered.response.field("Path") is not None:
            yield Held(answered.entry)
        else:
            yield Breach(answered.entry, expected="Path with the P-CSCF in it", actual="no Path")
    if not decided:
        yield Unmet("no REGISTER that asks for a contact and lists path got a 2xx")


def _none(view: View, name: str) -> Outcome:
    if view.registered:
        return Moot(f"no 2xx has a {name} that can be read, which other rows judge")
    return Unmet("no REGISTER that asks for a contact got a 2xx")


def _syntax(view: View, name: str) -> Iterator[Outcome]:
    values = list(_values(view, name))
    if not values:
        yield _none(view, name)
    for entry, line, text in values:
        why = _unreadable(text)
        if why is None:
            yield Held(entry)
        else:
            yield Breach(entry, expected=f"{name}: <a SIP URI> and its parameters", actual=why, line=line)


def _loose(view: View, name: str) -> Iterator[Outcome]:
    """Values that cannot be read, or that have no brackets, are left to the rows on syntax."""
    values = [value for value in _values(view, name) if _unreadable(value[2]) is None]
    if not values:
        yield _none(view, name)
    for entry, line, text in values:
        params = Route.parse(text).uri.params
        expected = f"{name} with ;lr inside the angle brackets"
        if "lr" not in params:
            yield Breach(entry, expected, f"{name}: {text}", line)
        elif params["lr"] is not None:
            yield Observed(entry, expected, f"{name}: {text}", line)
        else:
            yield Held(entry)


def _values(view: View, name: str) -> Iterator[tuple[int, int, str]]:
    """Entry, line and text of every value in a 2xx to a REGISTER that the tester has not sent itself."""
    for answered in view.accepted:
        sent = answered.attempt.request.values(name)
        for line, text in elements(answered.response, name):
            if text not in sent:
                yield answered.entry, line, text


def _unreadable(text: str) -> str | None:
    if not text:
        return "an empty value"
    try:
        route = Route.parse(text)
    except HeaderError as error:
        return str(error)
    if route.uri.lacks_brackets:
        return f"an IPv6 address without brackets: {text}"
    return None if "<" in _QUOTED.sub("", text) else f"no angle brackets: {text}"
