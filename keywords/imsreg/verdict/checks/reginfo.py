"""The documents in NOTIFY requests of the event reg: form, versions, identifiers (RFC 3680 4.5, 5.1)."""

from __future__ import annotations

from collections.abc import Iterator

from imsreg.sip.defects import Defect
from imsreg.sip.errors import HeaderError, UriError
from imsreg.sip.headers.accept import Accept
from imsreg.sip.headers.content_type import ContentType
from imsreg.sip.reginfo import MEDIA_TYPE, Reginfo, ReginfoError
from imsreg.sip.uri import Uri, equivalent
from imsreg.verdict.checks.registry import check
from imsreg.verdict.outcome import Breach, Held, Observed, Outcome, Unmet, held_unless
from imsreg.verdict.registered import comparable
from imsreg.verdict.subscriptions import Notify, Subscription
from imsreg.verdict.view import View, line_of

NO_DOCUMENT = Unmet("no NOTIFY of the event reg came with registration information that can be read")

NOT_READ = ("a document type", "a document of", "elements stand inside", "more than the")
"""How the faults begin that are bounds of the reader: the document may be well-formed all the same."""

DOUBLE = "a second "
"""How the defects begin that the rows on identifiers judge."""

MOST_URIS = 8
"""URIs that are kept of one contact id, to be compared with those that come later: equal ones in other words."""

SCHEMA = "RFC 3680 5.4"
"""What a document SHOULD be valid against; everything else is said with MUST in 5.1."""


@check("rfc3680-4.5-02")
def sends_an_accepted_format(view: View) -> Iterator[Outcome]:
    """application/reginfo+xml, or another type that Accept names. A NOTIFY without a body has none."""
    decided = False
    for subscription, notify in _with_body(view):
        decided = True
        expected, line = f"Content-Type: {MEDIA_TYPE}", line_of(notify.request, "Content-Type")
        try:
            kind = notify.request.get(ContentType)
            accepted = subscription.begun.request.get_all(Accept)
        except HeaderError as error:
            yield Breach(notify.number, expected, str(error), line)
            continue
        if kind is None:
            yield Breach(notify.number, expected, "no Content-Type")
        elif kind.media_type == MEDIA_TYPE or any(each.covers(kind) for each in accepted):
            yield Held(notify.number)
        else:
            yield Breach(notify.number, expected, f"Content-Type: {kind}", line)
    if not decided:
        yield Unmet("no NOTIFY of the event reg came with a body")


@check("rfc3680-5.1-01")
def is_a_reginfo_document(view: View) -> Iterator[Outcome]:
    """Well-formed XML in UTF-8, the root reginfo of its namespace, a version of 32 bits, and full or partial state."""
    decided = False
    for _, notify in _with_body(view):
        if not _declared(notify):
            continue  # rfc3680-4.5-02 judges that
        decided = True
        read = notify.read
        if not isinstance(read, ReginfoError):
            yield Held(notify.number)
        elif read.what.startswith(NOT_READ):
            yield Unmet(f"the registration information is not read here: {read}")
        else:
            yield Breach(notify.number, "registration information by RFC 3680 5.1", str(read))
    if not decided:
        yield Unmet(f"no NOTIFY of the event reg came with a body of the type {MEDIA_TYPE}")


@check("rfc3680-5.1-02")
def has_the_mandatory_attributes(view: View) -> Iterator[Outcome]:
    """aor, id and state of a registration; id, state, event and uri of a contact; what two events need beside."""
    yield from _none(view)
    for _, notify, document in _documents(view):
        yield from held_unless(_wrong(notify, document), notify.number)


@check("rfc3680-5.1-03")
def counts_versions_from_zero(view: View) -> Iterator[Outcome]:
    """From one document to the next by CSeq; where CSeq tells that one is missing, the versions may do so as well.

    One that the tester did not take may be sent once more under its version.
    """
    decided = False
    for subscription in view.subscriptions.of_registration:
        for outcome in _versions(view, subscription):
            decided = True
            yield outcome
    if not decided:
        yield NO_DOCUMENT


@check("rfc3680-5.1-04")
def identifies_registrations(view: View) -> Iterator[Outcome]:
    """One id for each address-of-record and one address-of-record for each id, in one document and in all of them."""
    yield from _none(view)
    for subscription in view.subscriptions.of_registration:
        ids: dict[str, tuple[str, int]] = {}
        aors: dict[str, tuple[str, int]] = {}
        for notify, document in subscription.documents:
            found = list(_doubles(notify, document))
            for each in document.registrations:
                if each.id and each.aor:
                    aor = comparable(each.aor)
                    found += _unlike(notify, f"the id of {aor}", ids.setdefault(aor, (each.id, notify.number)), each.id)
                    found += _unlike(
                        notify, f"the aor of {each.id}", aors.setdefault(each.id, (aor, notify.number)), aor
                    )
            yield from held_unless(found, notify.number)


@check("rfc3680-5.1-05")
def identifies_contacts(view: View) -> Iterator[Outcome]:
    """No id for two URIs that differ (RFC 3261 19.1.4), in one registration or in several, in all documents."""
    decided = False
    for subscription in view.subscriptions.of_registration:
        known: dict[str, list[tuple[Uri, int]]] = {}
        for notify, document in subscription.documents:
            found: list[Breach] = []
            told = tuple(_contact_ids(document))
            for identifier, uri in told:
                other = next((o for o in known.get(identifier, ()) if not equivalent(o[0], uri)), None)
                if other is not None:
                    expected = f"an id for {uri} that is not the one of {other[0]} in message {other[1]}"
                    found.append(Breach(notify.number, expected, f"id {identifier}"))
                if len(held := known.setdefault(identifier, [])) < MOST_URIS:
                    held.append((uri, notify.number))
            if told:
                decided = True
                yield from held_unless(found, notify.number)
    if not decided:
        yield Unmet("no NOTIFY of the event reg told of a contact with an id and a URI")


@check("rfc3680-5.1-06")
def the_aor_is_a_uri(view: View) -> Iterator[Outcome]:
    """A SIP, SIPS or tel URI; what a public identity would be under another scheme is odd."""
    decided = False
    for _, notify, document in _documents(view):
        aors = [each.aor for each in document.registrations if each.aor]
        decided = decided or bool(aors)
        if aors:
            yield from held_unless((fault for aor in aors for fault in _no_aor(notify, aor)), notify.number)
    if not decided:
        yield NO_DOCUMENT


def _versions(view: View, subscription: Subscription) -> Iterator[Outcome]:
    """The first document against 0, if nothing else can have come before it, and each against the one before."""
    ordered = sorted((n for n in subscription.notifies if n.cseq is not None), key=lambda n: (n.cseq or 0, n.number))
    last: tuple[Notify, Reginfo] | None = None
    for place, notify in enumerate(ordered):
        document = notify.document
        if document is None and notify.request.body:
            return  # which version it has nobody knows
        if document is None:
            continue
        if last is None:
            if place == 0 and _is_first(view, subscription, notify):
                yield _version(notify, document, 0, 0)
        elif (step := (notify.cseq or 0) - (last[0].cseq or 0)) > 0:
            before = last[1].version
            yield _version(notify, document, before + (1 if last[0].accepted else 0), before + step)
        last = notify, document


def _is_first(view: View, subscription: Subscription, notify: Notify) -> bool:
    """Whether nothing but the first SUBSCRIBE can have brought this NOTIFY: no second one, no REGISTER since."""
    begun = subscription.begun.number
    return view.subscriptions.complete and not any(
        begun < number < notify.number
        for number in (*(s.number for s in subscription.subscribes), *(a.number for a in view.attempts))
    )


def _version(notify: Notify, document: Reginfo, lowest: int, highest: int) -> Outcome:
    if lowest <= document.version <= highest:
        return Held(notify.number)
    expected = f"version {highest}" if lowest == highest else f"version {lowest} to {highest}"
    return Breach(notify.number, expected, f"version {document.version}")


def _wrong(notify: Notify, document: Reginfo) -> Iterator[Breach | Observed]:
    for defect in document.defects:
        if not defect.what.startswith(DOUBLE):
            kind = Observed if defect.clause == SCHEMA else Breach
            yield kind(notify.number, f"registration information by {defect.clause}", _of_body(defect))


def _doubles(notify: Notify, document: Reginfo) -> Iterator[Breach]:
    for defect in document.defects:
        if defect.what.startswith(f"{DOUBLE}registration"):
            yield Breach(notify.number, "each registration once, with an id of its own", _of_body(defect))


def _of_body(defect: Defect) -> str:
    return f"{defect.what}, line {defect.line} of the body"


def _unlike(notify: Notify, what: str, known: tuple[str, int], now: str) -> Iterator[Breach]:
    if known[0] != now:
        yield Breach(notify.number, f"{what} as in message {known[1]}: {known[0]}", now)


def _contact_ids(document: Reginfo) -> Iterator[tuple[str, Uri]]:
    for registration in document.registrations:
        for contact in registration.contacts:
            try:
                uri = Uri.parse(contact.uri)
            except UriError:
                continue
            if contact.id:
                yield contact.id, uri


def _no_aor(notify: Notify, aor: str) -> Iterator[Breach | Observed]:
    expected = "a URI in aor, the address-of-record"
    try:
        scheme = Uri.parse(aor).scheme
    except UriError:
        yield Breach(notify.number, expected, f"aor {aor}")
        return
    if scheme not in ("sip", "sips", "tel"):
        yield Observed(notify.number, expected, f"aor {aor}")


def _declared(notify: Notify) -> bool:
    try:
        kind = notify.request.get(ContentType)
    except HeaderError:
        return False
    return kind is not None and kind.media_type == MEDIA_TYPE


def _with_body(view: View) -> Iterator[tuple[Subscription, Notify]]:
    for subscription in view.subscriptions.of_registration:
        yield from ((subscription, notify) for notify in subscription.notifies if notify.request.body)


def _documents(view: View) -> Iterator[tuple[Subscription, Notify, Reginfo]]:
    for subscription in view.subscriptions.of_registration:
        yield from ((subscription, notify, document) for notify, document in subscription.documents)


def _none(view: View) -> Iterator[Unmet]:
    if not any(True for _ in _documents(view)):
        yield NO_DOCUMENT
