"""The network side of one subscriber, and how a conformant core would answer his UE (TS 24.229 5.2.2, 5.4.1, 5.4.2)."""

from __future__ import annotations

from imsreg.registration.admission import admit, require_syntax
from imsreg.registration.attendant_authentication import Heard
from imsreg.registration.attendant_writer import AttendantPolicy, AttendantWriter
from imsreg.registration.carriage import carriable_response
from imsreg.registration.core_messages import ALLOW
from imsreg.registration.hss import Refused
from imsreg.registration.location import Binding
from imsreg.registration.reginfo_writer import ContactChange
from imsreg.registration.replies import Refusal, reply, unreadable
from imsreg.registration.s_cscf import SUPPORTED
from imsreg.registration.schemes import Procedure
from imsreg.registration.sec_agree import TAG
from imsreg.registration.subscription import ENDING, is_reg_event
from imsreg.sip.draft import Draft
from imsreg.sip.errors import HeaderError, UriError
from imsreg.sip.headers.expires import Expires
from imsreg.sip.headers.name_addr import Contact, To
from imsreg.sip.message import Request, Response
from imsreg.sip.uri import Uri

__all__ = ["Attendant", "AttendantPolicy"]


class Attendant(AttendantWriter):
    """An `AttendantWriter` that also knows what to answer. Nothing that a UE writes makes `attend` or `note` raise.

    What it concludes is for its own conduct alone: a verdict comes from the checks, which read the wire.
    """

    def attend(self, request: Request) -> list[Draft]:
        """What a conformant core sends now: the response, and behind it a NOTIFY where there is something to tell."""
        try:
            drafts = self._answer(request)
        except Refusal as refusal:
            drafts = [refusal.draft(request)]
        except HeaderError as error:
            drafts = [unreadable(error).draft(request)]
        return [carriable_response(drafts[0], request), *drafts[1:]]

    def note(self, request: Request, response: Response) -> None:
        """Learn which response has gone to the UE: only a 2xx to a REGISTER can make it think that it is bound."""
        if request.method == "REGISTER" and response.status // 100 == 2 and request.field("Contact") is not None:
            self.may_be_bound = not _removes(request)

    def note_answer(self, request: Request, status: int | None) -> None:
        """Learn the UE's final status for a NOTIFY, None for none: some end the subscription (RFC 6665 4.2.2)."""
        dialog = self._subscription
        if dialog is not None and request.value("Call-ID") == dialog.call_id and (status is None or status in ENDING):
            self._subscription = None

    def _answer(self, request: Request) -> list[Draft]:
        if self.security is not None and request.method not in ("REGISTER", "CANCEL"):
            # In the clear nothing but REGISTER passes (TS 33.203 7.1 item 3); to drop it would be as right.
            require_syntax(request)
            if not self.security.protected(request):
                raise Refusal(403)
        match request.method:
            case "REGISTER":
                return self._register(request)
            case "SUBSCRIBE":
                require_syntax(request)
                return self._subscribe(request)
            case "OPTIONS":
                require_syntax(request)
                return [reply(request, 200).add("Allow", ALLOW)]
            case "CANCEL":
                # Every request has had its final response by now: there is nothing left to cancel (RFC 3261 9.2).
                return [reply(request, 481)]
            case _:
                raise Refusal(405, headers={"Allow": ALLOW})

    def _register(self, request: Request) -> list[Draft]:
        admit(request, {TAG} if self._agrees else set())
        if self._sec_agree is not None:
            self._sec_agree.request(request, Draft.of(request), required=self.policy.sec_agree_required)
        if self.security is not None:
            self.security.agree(request, required=self.policy.sec_agree_required)
        self._refuse_early(request)
        heard = self._authentication.heed(request)
        match self._procedure(request, heard):
            case Procedure.ACCEPT:
                pass
            case Procedure.CHALLENGE:
                return [self.challenge(request)]
            case Procedure.RESYNCHRONISE if heard.right:
                return [self.challenge(request)]
            case Procedure.VERIFY if heard.right:
                pass
            case Procedure.VERIFY if self.policy.challenges_again:
                return [self.challenge(request)]
            case _:
                # A wrong response, a reported MAC failure, a wrong AUTS: 4xx without a challenge (TS 33.203 6.1.2).
                raise Refusal(403)
        before = self._bindings.alive
        self._bindings.register(request)
        return [self._accepted(request, heard), *self._told(before)]

    def _procedure(self, request: Request, heard: Heard) -> Procedure:
        """How a REGISTER is dealt with. In mode ipsec AKA counts on associations alone (TS 24.229 5.4.1.1, 5.4.1.2.2).

        A response that came otherwise is challenged again; a protected REGISTER of somebody who is registered needs no
        response, unless the policy wants one.
        """
        if self.security is None or self.subscriber.algorithm is None:
            return heard.procedure
        trusted = self.security.trusted(request)
        match heard.procedure:
            case Procedure.VERIFY if not trusted:
                return Procedure.CHALLENGE
            case Procedure.CHALLENGE if trusted and self.registered and not self.policy.reauthenticate:
                return Procedure.ACCEPT
            case procedure:
                return procedure

    def _refuse_early(self, request: Request) -> None:
        """What is refused before anybody is authenticated (RFC 3261 10.3 steps 1 to 5; TS 24.229 5.3.1.3)."""
        try:
            domain = Uri.parse(request.request_uri).host
        except UriError as error:
            raise Refusal(400, "Bad Request (Request-URI)") from error
        if domain != self.subscriber.home_domain.lower():
            raise Refusal(404)
        self._require_understood(request)
        self._authorised(request)

    def _require_understood(self, request: Request) -> None:
        understood = SUPPORTED | {TAG} if self._agrees else SUPPORTED
        unsupported = [tag for tag in request.option_tags("Require") if tag not in understood]
        if unsupported:
            raise Refusal(420, headers={"Unsupported": ", ".join(unsupported)})

    def _authorised(self, request: Request) -> To:
        """The To of a request, which names a public identity of this subscriber."""
        to = request.get(To)
        if to is None:
            raise Refusal(400)
        try:
            self._hss.authorise(self.subscriber.impi, to.uri.address_of_record())
        except Refused as refused:
            raise Refusal(403) from refused
        return to

    def _told(self, before: tuple[Binding, ...]) -> list[Draft]:
        """The NOTIFY about a change of the contacts, if the UE has asked for it (RFC 6665 4.2.2)."""
        after, dialog = self._bindings.alive, self.subscription
        if dialog is None or _uris(before) == _uris(after):
            return []
        gone = [(binding, ContactChange(state="terminated", event="unregistered")) for binding in self._bindings.ended]
        here = [(binding, ContactChange()) for binding in after]
        body = self._document([*here, *gone], dialog.version + 1, "full", ended=not after)
        return [self.notify(state="active" if after else "terminated", body=body)]

    def _subscribe(self, request: Request) -> list[Draft]:
        if not is_reg_event(request):
            raise Refusal(489, headers={"Allow-Events": "reg"})
        if not self.registered:
            # A P-CSCF lets nothing pass of a user who is not registered.
            raise Refusal(403)
        self._require_understood(request)
        dialog, to = self.subscription, self._authorised(request)
        if to.tag is not None and (dialog is None or not dialog.has(request)):
            raise Refusal(481)
        return [self.accept_subscription(request), self.notify()]


def _uris(bindings: tuple[Binding, ...]) -> list[str]:
    return [binding.contact.uri.text for binding in bindings]


def _removes(request: Request) -> bool:
    """Whether a REGISTER asks for no binding to be left of those that it names."""
    try:
        contacts, expires = request.get_all(Contact), request.get(Expires)
    except HeaderError:
        return False
    default = None if expires is None else expires.seconds
    return all((default if each.expires is None else each.expires) == 0 for each in contacts)
