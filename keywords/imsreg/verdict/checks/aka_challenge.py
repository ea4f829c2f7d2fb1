"""What an AKA challenge carries: RAND and AUTN in the nonce, and no key (TS 33.203 6.1.1; RFC 3310 3.2)."""

from __future__ import annotations

from collections.abc import Iterator

from imsreg.aka.nonce import Nonce, NonceError, decode
from imsreg.aka.vector import open_autn
from imsreg.sip.errors import HeaderError
from imsreg.sip.headers.via import Via
from imsreg.verdict.authentication import Attempt
from imsreg.verdict.checks.registry import check
from imsreg.verdict.outcome import Breach, Held, Observed, Outcome, Unmet
from imsreg.verdict.view import Challenged, View


@check("rfc3310-3.2-01")
def nonce_is_base64_of_rand_and_autn(view: View) -> Iterator[Outcome]:
    """Padded base64 of RAND, AUTN and whatever the server adds."""
    decided = False
    for challenged in view.challenges:
        if not challenged.aka:
            continue
        decided = True
        try:
            decode(challenged.header.nonce or "")
        except NonceError as error:
            yield Breach(
                challenged.entry,
                expected="nonce = base64 of RAND and AUTN, at least 32 octets",
                actual=f"the nonce {error.why}",
                line=challenged.line,
            )
        else:
            yield Held(challenged.entry)
    if not decided:
        yield Unmet("no REGISTER got an AKA challenge")


@check("33.203-6.1.1-01")
def autn_is_made_with_the_subscribers_key(view: View) -> Iterator[Outcome]:
    """MAC-A in AUTN is f1 over the SQN that f5 uncovers (TS 33.102 6.3)."""
    decided = False
    for challenged, nonce in _aka_challenges(view):
        subscriber = challenged.attempt.subscriber
        if subscriber is None or subscriber.algorithm is None:
            continue
        decided = True
        if open_autn(subscriber.algorithm, nonce.rand, nonce.autn) is not None:
            yield Held(challenged.entry)
        else:
            yield Breach(
                challenged.entry,
                expected=f"AUTN with the MAC that the key of {subscriber.name} gives",
                actual="another MAC; or the key in the subscriber file is not the one that the DUT has",
                line=challenged.line,
            )
    if not decided:
        yield Unmet("no known subscriber got an AKA challenge with RAND and AUTN")


@check("33.203-6.1.1-03")
def a_vector_is_sent_once(view: View) -> Iterator[Outcome]:
    """No RAND comes to a user twice, in answers to different requests."""
    first: dict[tuple[str, bytes], Challenged] = {}
    challenged_branches: set[str] = set()
    for challenged, nonce in _aka_challenges(view):
        branch = _branch(challenged.attempt)
        before = first.setdefault((challenged.attempt.impi, nonce.rand), challenged)
        if _branch(before.attempt) != branch:
            yield Breach(
                challenged.entry,
                expected="a RAND that was in no challenge before",
                actual=f"the RAND of message {before.entry}",
                line=challenged.line,
            )
        elif challenged_branches - {branch}:
            yield Held(challenged.entry)
        challenged_branches.add(branch)
    if len(challenged_branches) < 2:
        yield Unmet("fewer than two requests got an AKA challenge")


@check("33.203-6.1.1-04")
def keys_do_not_reach_the_ue(view: View) -> Iterator[Outcome]:
    """The parameters ik and ck have been taken out."""
    if not view.challenges:
        yield Unmet("no REGISTER got a digest challenge that can be read")
    for challenged in view.challenges:
        keys = {name: challenged.header.text(name) for name in ("ik", "ck")}
        leaked = [name for name, value in keys.items() if value]
        emptied = [name for name, value in keys.items() if value == ""]
        expected = "no parameter ik or ck"
        if leaked:
            actual = f"{' and '.join(leaked)} with a value, which is not shown here"
            yield Breach(challenged.entry, expected, actual, challenged.line)
        elif emptied:
            yield Observed(challenged.entry, expected, f"{' and '.join(emptied)} without a value", challenged.line)
        else:
            yield Held(challenged.entry)


def _aka_challenges(view: View) -> Iterator[tuple[Challenged, Nonce]]:
    """The AKA challenges whose nonce holds RAND and AUTN."""
    for challenged in view.challenges:
        if challenged.aka:
            try:
                yield challenged, decode(challenged.header.nonce or "")
            except NonceError:
                continue


def _branch(attempt: Attempt) -> str:
    try:
        via = attempt.request.get(Via)
    except HeaderError:
        return ""
    return (via.branch if via is not None else None) or ""
