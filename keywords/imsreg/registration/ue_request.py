"""The REGISTER requests of a UE, header field by header field (TS 24.229 5.1.1.2, 5.1.1.4, 5.1.1.6)."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

from imsreg.sip.draft import Draft
from imsreg.sip.errors import HeaderError
from imsreg.sip.flow import Address, Transport
from imsreg.sip.headers.authorization import Authorization
from imsreg.sip.headers.expires import Expires
from imsreg.sip.headers.name_addr import Contact
from imsreg.sip.message import Request

EXPIRY = 600_000
"""Seconds that a UE asks for (TS 24.229 5.1.1.2.1 e)."""


@dataclass(frozen=True, slots=True)
class UeIdentity:
    """Who registers: private and public identity, home domain, device."""

    impi: str
    impu: str
    home_domain: str
    contact_user: str
    instance_id: str | None = None

    @property
    def home_uri(self) -> str:
        """The SIP URI of the home domain: Request-URI and digest uri (TS 24.229 5.1.1.2.1 f, 5.1.1.2.2 a)."""
        return f"sip:{self.home_domain}"


@dataclass(slots=True)
class RegisterSequence:
    """What the REGISTER requests of one registration have in common or count (RFC 3261 10.2): no dialog, but alike."""

    call_id: str
    from_tag: str
    cseq: int

    def next_cseq(self) -> int:
        """CSeq counts up by one for each REGISTER with this Call-ID."""
        self.cseq += 1
        return self.cseq


@dataclass(frozen=True, slots=True)
class RegisterParts:
    """The parts of a REGISTER that differ from request to request. `contact` None fetches the bindings.

    `protected`: an association says where responses go, and `rport` is not asked for.
    """

    branch: str
    transport: Transport
    sent_by: Address
    contact: str | None
    expires: int | None
    authorization: str
    supported: tuple[str, ...] = ("path",)
    security_client: tuple[str, ...] = ()
    security_verify: tuple[str, ...] = ()
    protected: bool = False


def register(identity: UeIdentity, sequence: RegisterSequence, parts: RegisterParts) -> Draft:
    """A REGISTER with From = To = the public identity (TS 24.229 5.1.1.2.1 a, b), over UDP in the clear `rport` (d)."""
    rport = ";rport" if parts.transport == "UDP" and not parts.protected else ""
    draft = (
        Draft.request("REGISTER", identity.home_uri)
        .add("Via", f"SIP/2.0/{parts.transport} {parts.sent_by};branch={parts.branch}{rport}")
        .add("Max-Forwards", "70")
        .add("From", f"<{identity.impu}>;tag={sequence.from_tag}")
        .add("To", f"<{identity.impu}>")
        .add("Call-ID", sequence.call_id)
        .add("CSeq", f"{sequence.next_cseq()} REGISTER")
    )
    if parts.contact is not None:
        draft.add("Contact", parts.contact)
        if parts.expires is not None:
            draft.add("Expires", str(parts.expires))
    draft.add("Authorization", parts.authorization)
    if parts.security_client:
        draft.add("Require", "sec-agree").add("Proxy-Require", "sec-agree")
    draft.add("Supported", ", ".join(parts.supported))
    if parts.security_client:
        draft.add("Security-Client", ", ".join(parts.security_client))
    if parts.security_verify:
        draft.add("Security-Verify", ", ".join(parts.security_verify))
    return draft


def empty_credentials(identity: UeIdentity) -> str:
    """Authorization of a REGISTER that no challenge precedes (TS 24.229 5.1.1.2.2 a)."""
    values = {"username": identity.impi, "realm": identity.home_domain, "nonce": "", "uri": identity.home_uri}
    return str(Authorization.of({**values, "response": ""}))


def leaves(request: Request) -> bool:
    """Whether a REGISTER takes a binding away: zero in Contact, or for want of that in Expires (RFC 3261 10.2.2)."""
    for value in request.values("Contact"):
        with suppress(HeaderError):
            contact = Contact.parse(value)
            if "expires" in contact.params:
                return contact.expires == 0
    try:
        expires = request.get(Expires)
    except HeaderError:
        return False
    return expires is not None and expires.seconds == 0
