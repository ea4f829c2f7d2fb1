"""Authorization in the initial REGISTER of a UE with IMS AKA (TS 24.229 5.1.1.2.2)."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from imsreg.identity.subscribers import Subscriber
from imsreg.sip.headers.authorization import Authorization
from imsreg.verdict.checks.registry import check
from imsreg.verdict.checks.ue_register import NO_INITIAL, is_home_uri
from imsreg.verdict.outcome import Breach, Held, Moot, Outcome
from imsreg.verdict.ue_registers import UeRegister
from imsreg.verdict.view import View, line_of

BY_PASSWORD = Moot("the subscriber has a password: SIP digest asks for no credentials before a challenge")

Fault = Callable[[Authorization, Subscriber], tuple[str, str] | None]
"""What is expected and what stands there instead; None if nothing is wrong."""


@check("24.229-5.1.1.2.2-01")
def names_its_private_identity(view: View) -> Iterator[Outcome]:
    """username is the IMPI, of an ISIM or derived."""

    def fault(authorization: Authorization, subscriber: Subscriber) -> tuple[str, str] | None:
        if authorization.username == subscriber.impi:
            return None
        return f'username="{subscriber.impi}"', shown("username", authorization.username)

    return _judged(view, fault)


@check("24.229-5.1.1.2.2-02")
def realm_and_uri_are_the_home_domain(view: View) -> Iterator[Outcome]:
    """realm is the domain name, uri its SIP URI."""

    def fault(authorization: Authorization, subscriber: Subscriber) -> tuple[str, str] | None:
        home = subscriber.home_domain
        if (authorization.realm or "").lower() != home.lower():
            return f'realm="{home}"', shown("realm", authorization.realm)
        if not is_home_uri(authorization.uri, subscriber):
            return f'uri="sip:{home}"', shown("uri", authorization.uri)
        return None

    return _judged(view, fault)


@check("24.229-5.1.1.2.2-03")
def nonce_and_response_are_empty(view: View) -> Iterator[Outcome]:
    """Both are there and hold nothing: there is no challenge yet."""

    def fault(authorization: Authorization, subscriber: Subscriber) -> tuple[str, str] | None:
        for name in ("nonce", "response"):
            value = authorization.text(name)
            if value != "":
                return f'{name}=""', shown(name, value)
        return None

    return _judged(view, fault)


def _judged(view: View, fault: Fault) -> Iterator[Outcome]:
    """Each initial REGISTER of a subscriber with AKA keys. One of nobody known cannot be judged."""
    initial = [(register, register.subscriber) for register in view.ue.initial if register.subscriber is not None]
    decisive = [(register, subscriber) for register, subscriber in initial if not register.by_password]
    if not decisive:
        yield BY_PASSWORD if initial else NO_INITIAL
    for register, subscriber in decisive:
        line = line_of(register.request, "Authorization")
        if register.authorization is None:
            yield Breach(register.number, "Authorization with empty nonce and response", why_none(register), line)
            continue
        found = fault(register.authorization, subscriber)
        yield Held(register.number) if found is None else Breach(register.number, *found, line)


def why_none(register: UeRegister) -> str:
    """Why a REGISTER has no credentials."""
    return register.fault or "no Authorization"


def shown(name: str, value: str | None) -> str:
    """A parameter for a finding."""
    return f'{name}="{value}"' if value is not None else f"no {name}"
