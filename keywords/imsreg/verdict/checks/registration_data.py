"""What a UE learns from the 200 to its registration besides its bindings (TS 24.229 5.4.1.2.2F; RFC 7315; RFC 3608)."""

from __future__ import annotations

from collections.abc import Iterator

from imsreg.identity.subscribers import Subscriber
from imsreg.sip.errors import HeaderError, UriError
from imsreg.sip.headers.name_addr import PAssociatedUri
from imsreg.sip.uri import Uri
from imsreg.verdict.checks.bindings import NOTHING_REGISTERED
from imsreg.verdict.checks.registry import check
from imsreg.verdict.outcome import Breach, Held, Moot, Observed, Outcome, Unmet, held_unless
from imsreg.verdict.view import Answered, View, elements, line_of

HEADER = "P-Associated-URI"


@check("24.229-5.4.1.2.2F-01")
def gives_a_service_route(view: View) -> Iterator[Outcome]:
    """At least one value: later requests of the UE travel by it."""
    if not view.registered:
        yield NOTHING_REGISTERED
    for answered in view.registered:
        if answered.response.values("Service-Route"):
            yield Held(answered.entry)
        else:
            yield Breach(answered.entry, expected="Service-Route", actual="no Service-Route value")


@check("24.229-5.4.1.2.2F-02")
def lists_the_implicit_set(view: View) -> Iterator[Outcome]:
    """Every identity of the subscriber's implicit set that is not barred."""
    yield from _unknown_subscriber(view)
    for answered, subscriber in _with_subscriber(view):
        yield from held_unless(_against_the_set(answered, subscriber), answered.entry)


@check("24.229-5.4.1.2.2F-03")
def puts_the_default_identity_first(view: View) -> Iterator[Outcome]:
    """The UE takes the first value for its default public user identity (TS 24.229 5.1.1.2.1 b)."""
    yield from _unknown_subscriber(view)
    for answered, subscriber in _with_subscriber(view):
        first = next(elements(answered.response, HEADER), None)
        if first is None:
            yield Moot(f"the 200 has no {HEADER}, which 24.229-5.4.1.2.2F-02 judges")
            continue
        line, text = first
        if _identity_of_value(text) == _identity(subscriber.default_impu):
            yield Held(answered.entry)
        else:
            yield Breach(answered.entry, f"<{subscriber.default_impu}> first", f"{HEADER}: {text}", line)


@check("24.229-5.4.1.2.2F-04")
def leaves_barred_identities_out(view: View) -> Iterator[Outcome]:
    """Nobody may be told of a barred identity as one that could be used."""
    yield from _unknown_subscriber(view)
    for answered, subscriber in _with_subscriber(view):
        if not subscriber.barred:
            yield Moot("the subscriber has no barred public user identity")
            continue
        listed = _listed(answered)
        shown = [impu for impu in subscriber.barred if _identity(impu) in listed]
        for impu in shown:
            yield Breach(
                answered.entry,
                f"{HEADER} without the barred {impu}",
                _in_words(answered),
                line_of(answered.response, HEADER),
            )
        if not shown:
            yield Held(answered.entry)


@check("rfc7315-4.1.2.2-01")
def sends_associated_uris(view: View) -> Iterator[Outcome]:
    """The header field is there if the address-of-record has associated URIs."""
    yield from _unknown_subscriber(view)
    for answered, subscriber in _with_subscriber(view):
        if len(_allowed(subscriber)) < 2:
            yield Moot("the subscriber has one public user identity only")
        elif answered.response.field(HEADER) is not None:
            yield Held(answered.entry)
        else:
            yield Breach(answered.entry, expected=HEADER, actual=f"no {HEADER}")


@check("rfc7315-5.7-01")
def sends_associated_uris_in_2xx_only(view: View) -> Iterator[Outcome]:
    """The table of RFC 7315 has the header field in 2xx responses to REGISTER."""
    replies = [reply for reply in view.replies if reply.request.method == "REGISTER"]
    if not replies:
        yield Unmet("no REGISTER was answered")
    for reply in replies:
        if reply.response.status // 100 == 2 or reply.response.field(HEADER) is None:
            yield Held(reply.entry)
        else:
            line = line_of(reply.response, HEADER)
            yield Breach(reply.entry, f"{HEADER} in 2xx only", f"{HEADER} in a {reply.response.status}", line)


def _against_the_set(answered: Answered, subscriber: Subscriber) -> Iterator[Breach | Observed]:
    listed = _listed(answered)
    line = line_of(answered.response, HEADER)
    for impu in _allowed(subscriber):
        if _identity(impu) not in listed:
            yield Breach(answered.entry, f"{HEADER}: <{impu}>", _in_words(answered), line)
    for fault, at in _unreadable(answered):
        yield Breach(answered.entry, f"{HEADER} that can be read", fault, at)
    known = {_identity(impu) for impu in subscriber.impus}
    for identity, written in listed.items():
        if identity not in known:
            yield Observed(answered.entry, "identities that the subscriber file has", f"{HEADER}: {written}", line)


def _with_subscriber(view: View) -> Iterator[tuple[Answered, Subscriber]]:
    for answered in view.registered:
        if answered.attempt.subscriber is not None:
            yield answered, answered.attempt.subscriber


def _unknown_subscriber(view: View) -> Iterator[Unmet]:
    if not any(True for _ in _with_subscriber(view)):
        yield Unmet("no REGISTER of a known subscriber that asks for a contact got a 2xx")


def _allowed(subscriber: Subscriber) -> tuple[str, ...]:
    return tuple(impu for impu in subscriber.impus if impu not in subscriber.barred)


def _listed(answered: Answered) -> dict[str, str]:
    """Identity in comparable form -> the value as written, for every value that can be read."""
    values = [text for _, text in elements(answered.response, HEADER)]
    return {identity: text for text in values if (identity := _identity_of_value(text)) is not None}


def _unreadable(answered: Answered) -> Iterator[tuple[str, int]]:
    for line, text in elements(answered.response, HEADER):
        try:
            value = PAssociatedUri.parse(text)
        except HeaderError as error:
            yield str(error), line
            continue
        if value.uri.lacks_brackets:
            yield f"an IPv6 address without brackets: {text}", line


def _identity_of_value(text: str) -> str | None:
    try:
        uri = PAssociatedUri.parse(text).uri
    except HeaderError:
        return None
    return None if uri.lacks_brackets else uri.address_of_record()


def _identity(impu: str) -> str:
    """A public identity without what does not tell identities apart: parameters, case of the host, separators."""
    try:
        return Uri.parse(impu).address_of_record()
    except UriError:
        return impu


def _in_words(answered: Answered) -> str:
    values = answered.response.values(HEADER)
    return f"{HEADER}: {', '.join(values)}" if values else f"no {HEADER}"
