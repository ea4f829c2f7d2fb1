"""Who sends a SUBSCRIBE, and which responses to it say nothing of the subscription."""

from __future__ import annotations

from imsreg.identity.subscribers import Subscriber
from imsreg.secagree.associations import Name
from imsreg.sip.errors import HeaderError
from imsreg.sip.headers.accept import Accept
from imsreg.sip.headers.cseq import CSeq
from imsreg.sip.headers.expires import Expires
from imsreg.sip.headers.max_forwards import MaxForwards
from imsreg.sip.headers.via import Via
from imsreg.sip.message import Request
from imsreg.sip.reginfo import MEDIA_TYPE
from imsreg.sip.uri import equivalent
from imsreg.transcript.entries import Entry
from imsreg.verdict.authentication import KNOWN_REQUIRE
from imsreg.verdict.outcome import Unmet
from imsreg.verdict.preloaded import Preloaded
from imsreg.verdict.registered import live
from imsreg.verdict.subscriptions import Subscribe
from imsreg.verdict.view import View

UNDECIDED = (401, 407, 408, 420, 421, 423, 439, 494, 503, 504)
"""Authentication, what the DUT asks of every UE, a time that is too short, overload, a server that is away."""

LOOPS = (482, 483)
"""What comes of a Route that leads in a circle: a row of its own judges it."""

MANDATORY = ("Via", "Max-Forwards", "From", "To", "Call-ID", "CSeq")
"""What every request has (RFC 3261 8.1.1)."""

FEW_HOPS = 20
"""Hops that a core may spend on a request, with application servers on the way."""

_REGINFO = Accept.parse(MEDIA_TYPE)


def sender(view: View, subscribe: Subscribe) -> Subscriber | None:
    """The registered subscriber whose UE has sent it: who has its Contact bound. None if that is not certain."""
    entry = subscribe.exchange.request
    if view.facts.security == "ipsec" and not _protected(view, entry):
        return None
    for subscriber in view.facts.subscribers.values():
        bound = live(view, subscriber, entry)
        if subscribe.contact is not None and any(equivalent(g.uri, subscribe.contact) for g in bound):
            return subscriber
    return None


def _protected(view: View, entry: Entry) -> bool:
    """Whether a request travels where a P-CSCF takes it for certain: from the UE on the set that is in use."""
    located = view.secured.on(entry)
    return located is not None and located.name is Name.UL1 and located.made.lives(entry)


def whole(view: View, subscribe: Subscribe) -> bool:
    """Whether it is outside a dialog and right in all that a server looks at before the event and the identities."""
    preloaded = Preloaded.of(view, subscribe) if subscribe.begins else None
    return preloaded is not None and preloaded.right and _sound(subscribe.request)


def _sound(request: Request) -> bool:
    """Whether nothing is wrong with the request itself, and nothing in it is asked of a server that it may refuse."""
    if request.defects or any(request.field(name) is None for name in MANDATORY) or request.body:
        return False
    try:
        cseq, accepted, forwards = request.get(CSeq), request.get_all(Accept), request.get(MaxForwards)
        request.get_all(Via), request.get(Expires)
    except HeaderError:
        return False
    required = {tag for name in ("Require", "Proxy-Require") for tag in request.option_tags(name)}
    return (
        forwards is not None
        and forwards.hops >= FEW_HOPS
        and cseq is not None
        and cseq.method == request.method
        and (not accepted or any(each.covers(_REGINFO) for each in accepted))
        and required <= KNOWN_REQUIRE
    )


def undecided(subscribe: Subscribe) -> Unmet | None:
    """Why the final response decides nothing; None where it does."""
    if subscribe.final is None:
        return Unmet("the SUBSCRIBE was not answered")
    if subscribe.status in (*UNDECIDED, *LOOPS) or subscribe.status // 100 == 3:
        return Unmet(f"{subscribe.status}: it says nothing about the subscription")
    return None
