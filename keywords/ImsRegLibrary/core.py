"""Keywords that are the network of a UE under test."""

from __future__ import annotations

import sys
from datetime import timedelta
from functools import partial
from typing import Literal

from robot.api import logger
from robot.api.deco import keyword
from robot.libraries.BuiltIn import BuiltIn

from imsreg.errors import InputError
from imsreg.registration.attendant_announcement import Announced
from imsreg.registration.core_messages import Av
from imsreg.robot.bench import TAG
from imsreg.robot.countdown import Countdown
from imsreg.robot.listener import finish
from imsreg.sip.draft import Draft
from imsreg.sip.message import Request
from ImsRegLibrary.component import Component


class CoreKeywords(Component):
    """The UE under test is told what to do; what the simulated core answers is written out in the test."""

    @keyword
    def power_on_core(self, subscriber: str | None = None) -> None:
        """Begins a test of a UE: the UE forgets every registration, and the simulated core listens for it.

        ``subscriber`` names the SIM that the UE shall have; a UE that holds another one makes the test N/A, and so does
        a DUT that is no UE.
        """
        if self._bench.case is None:
            variables = BuiltIn().get_variables()
            if "${TEST_NAME}" not in variables:
                raise InputError("Power On Core", "", "no test is running", "call it in a test or a test setup")
            name = f"{str(variables['${SUITE_NAME}']).rpartition('.')[2]}: {variables['${TEST_NAME}']}"
            self._bench.begin(name, [str(t) for t in variables["@{TEST_TAGS}"] if str(t).startswith(TAG)], "ue")
        case = self._bench.ue_case()
        terminal = sys.__stdout__ is not None and sys.__stdout__.isatty()
        case.progress = Countdown(partial(logger.console, newline=False), terminal=terminal)
        case.power_on(subscriber=subscriber)

    @keyword
    def power_off_core(self) -> None:
        """Ends the test: what is open is answered, the UE is reset, and the transcript is judged."""
        if self._bench.case is not None:
            finish(self._bench.case)

    @keyword
    def trigger_registration(self) -> None:
        """Tells the UE to register."""
        self._ue_case.tell("register")

    @keyword
    def trigger_deregistration(self) -> None:
        """Tells the UE to de-register."""
        self._ue_case.tell("deregister")

    @keyword("Reset UE")
    def reset_ue(self) -> None:
        """Lets the UE forget everything, as after a power cut."""
        self._ue_case.tell("reset")

    @keyword
    def expect_request(self, method: str, within: timedelta = timedelta(seconds=32)) -> Request:
        """Waits for the UE's next request with this method and returns it. Requests with other methods wait.

        None within the time stops the scenario, with what an engineer should look at.
        """
        return self._ue_case.expect_request(method.upper(), within.total_seconds())

    @keyword("Register UE")
    def register_ue(self, expires: int | None = None) -> Request:
        """Tells the UE to register, challenges it and accepts the answer. Returns the accepted REGISTER.

        ``expires`` seconds are granted, default: as asked.
        """
        return self._ue_case.register(expires=expires)

    @keyword
    def answer_automatically(self) -> None:
        """From now on the core answers by itself, as a conformant network does."""
        self._ue_case.attend()

    @keyword
    def build_challenge(
        self,
        request: Request,
        av: Av = Av.RIGHT,
        realm: str | None = None,
        algorithm: str | None = "AKAv1-MD5",
        qop: str | None = "auth",
        server_data: str = "",
        stale: str | None = None,
        security_server: Announced | bool | list[str] = True,
    ) -> Draft:
        """A 401 with a challenge (RFC 3310 3.1): RAND and AUTN of a vector that is right, or wrong as ``av`` says.

        ``av``: right, wrong-mac, sqn-too-old, sqn-too-far, res-with-nul. ``server_data`` in hexadecimal follows AUTN in
        the nonce. ``algorithm=${None}`` leaves the parameter out, ``qop=${None}`` too.

        ``security_server`` is ``${False}``, a list of values, or what shall be unusual about those of the network:
        unknown-alg, spi-of-ue, no-spi, no-port, standard-port, without-q, unknown-first, unknown-parameter, bare-null;
        or only-hmac-sha-1, only-aes-cbc, only-aes-gmac, only-aes-gcm for one combination, if the UE offers it.
        """
        return self._ue_case.lane.attendant.challenge(
            request,
            av=av,
            realm=realm,
            algorithm=algorithm,
            qop=qop,
            server_data=bytes.fromhex(server_data),
            stale=stale,
            security_server=security_server,
        )

    @keyword
    def build_acceptance(
        self,
        request: Request,
        expires: int | None = None,
        where: Literal["contact", "header", "both"] = "contact",
        associated: list[str] | None = None,
        service_route: list[str] | None = None,
    ) -> Draft:
        """The 200 to a REGISTER. ``expires`` seconds (default: as asked) stand in Contact, in Expires, or in both.

        ``associated`` are the URIs of P-Associated-URI and ``service_route`` those of Service-Route, default first.
        """
        return self._ue_case.lane.attendant.ok(
            request, expires=expires, where=where, associated=associated, service_route=service_route
        )

    @keyword
    def build_subscription_acceptance(self, request: Request, expires: int | None = None) -> Draft:
        """The 200 to a SUBSCRIBE. ``expires`` seconds are granted, default: as asked."""
        return self._ue_case.lane.attendant.accept_subscription(request, expires=expires)

    @keyword
    def build_response(
        self, request: Request, status: int, reason: str | None = None, body: str = "", **headers: str
    ) -> Draft:
        """Any response: ``Build Response    ${register}    503    Retry-After=30``. A ``body`` goes out in UTF-8."""
        draft = self._ue_case.lane.attendant.response(request, status, reason, headers)
        draft.body = body.encode()
        return draft

    @keyword
    def build_notify(
        self,
        state: Literal["active", "terminated"] = "active",
        event: str = "registered",
        expires: int | None = None,
        retry_after: int | None = None,
        subscription: str | None = None,
        version: int | None = None,
    ) -> Draft:
        """A NOTIFY of the UE's reg event subscription with a reginfo document (RFC 3680).

        ``state`` and ``event`` are those of the UE's contact: active with registered, refreshed or shortened;
        terminated with deactivated, rejected, expired, probation, unregistered. ``expires`` and ``retry_after`` give
        its seconds. ``subscription`` is the value of Subscription-State: by default active, and terminated once the
        registration is. ``version`` is that of the document: by default one higher than the last.
        """
        return self._ue_case.lane.attendant.notify(
            state=state,
            event=event,
            expires=expires,
            retry_after=retry_after,
            version=version,
            subscription=subscription,
        )

    @keyword
    def build_options(self, in_the_clear: bool = False) -> Draft:
        """An OPTIONS to the UE's contact, outside of any dialog. ``in_the_clear`` gives it the Via of one that is sent
        with ``on=clear``.
        """
        return self._ue_case.lane.attendant.options(in_the_clear=in_the_clear)

    @keyword
    def send_response(self, request: Request, response: Draft | bytes, on: str | None = None) -> None:
        """Answers a request of the UE. ``on`` sends it elsewhere than it belongs, as for Send Request: then it is no
        answer, and the right one may still follow.
        """
        self._ue_case.respond(request, response, on)

    @keyword
    def send_challenge(self, request: Request, av: Av = Av.RIGHT) -> None:
        """Answers a REGISTER with the challenge that Build Challenge makes."""
        case = self._ue_case
        case.respond(request, case.lane.attendant.challenge(request, av=av))

    @keyword
    def send_acceptance(self, request: Request, expires: int | None = None) -> None:
        """Answers a REGISTER with the 200 that Build Acceptance makes."""
        case = self._ue_case
        case.respond(request, case.lane.attendant.ok(request, expires=expires))
