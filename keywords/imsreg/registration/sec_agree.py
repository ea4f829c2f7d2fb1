"""The P-CSCF's half of the security mechanism agreement, as far as header fields go (RFC 3329 2.3; TS 33.203 7.2)."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from imsreg.registration.replies import Refusal
from imsreg.registration.seams import Seams
from imsreg.secagree.negotiation import Agreement, Endpoints, announce, common, same_list, transforms
from imsreg.sip.challenges import aka_challenge
from imsreg.sip.draft import Draft
from imsreg.sip.errors import MessageError
from imsreg.sip.headers.authorization import Authorization
from imsreg.sip.headers.security import SecurityClient, SecurityVerify
from imsreg.sip.message import Request, Response

TAG = "sec-agree"
MAX_AGREEMENTS = 10_000


class SecAgree:
    """Agreements by the nonce of the challenge that began them: what the UE offered and what it was answered.

    Of more than MAX_AGREEMENTS the oldest is forgotten: its UE gets 494 and begins again.
    """

    def __init__(self, release: int, random: Random, seams: Seams) -> None:
        self._transforms = transforms(release)
        self._random = random
        self._seam = seams
        self._agreements: dict[str, Agreement] = {}

    def request(self, request: Request, draft: Draft, *, required: bool) -> None:
        """Check a REGISTER and take the agreement's header fields out of `draft`.

        Raises HeaderError for a Security header field that cannot be read, and Refusal: 421 or 494 where an agreement
        is required and not offered (RFC 3329 2.3.2), 494 with the server's own list where the offer has nothing in
        common with it (TS 33.203 7.3.2.1), or where an answer changes the agreement (RFC 3329 2.3.1; TS 33.203
        7.3.2.3).
        """
        client = request.get_all(SecurityClient)
        answered = _answered_nonce(request)
        agreement = self._agreements.get(answered)
        if answered and (agreement is not None or client):
            self._verify(request, agreement)
        elif client:
            if not common(client, self._transforms):
                raise agreement_refusal(494, self._own_list())
        elif required:
            require_proposal(request, self._own_list())
        strip(draft)

    def challenge(self, request: Request, draft: Draft) -> None:
        """Put Security-Server into the 401 to a request with Security-Client, and remember both (TS 33.203 7.2)."""
        client = request.get_all(SecurityClient)
        taken = [spi for entry in client for spi in (entry.spi_c, entry.spi_s) if spi is not None]
        values = self._seam("p-cscf.security-server", self._own_list(avoid=taken), client=client)
        if len(self._agreements) >= MAX_AGREEMENTS:
            del self._agreements[next(iter(self._agreements))]
        self._agreements[nonce_of(draft)] = Agreement(client, tuple(values))
        for value in values:
            draft.add("Security-Server", value)

    def _verify(self, request: Request, agreement: Agreement | None) -> None:
        """Compare an answer with what it answers. A broken agreement stays so: the UE needs another challenge."""
        if agreement is None:
            raise agreement_refusal(494, self._own_list())
        if not verified(request, agreement, request.get_all(SecurityClient), self._seam):
            raise agreement_refusal(494, agreement.server_values)

    def _own_list(self, avoid: Sequence[int] = ()) -> list[str]:
        return announce(Endpoints.draw(self._random, avoid=avoid), self._transforms)


def verified(request: Request, agreement: Agreement, client: Sequence[SecurityClient], seam: Seams) -> bool:
    """Whether an answer repeats both lists, or a later request the server's; notes in `agreement` what comes out.

    Raises HeaderError for a Security-Verify that cannot be read.
    """
    mirrored = same_list(request.get_all(SecurityVerify), agreement.server)
    repeated = agreement.answered or same_list(client, agreement.client)
    if not (
        seam("p-cscf.security-verify", mirrored, request=request)
        and seam("p-cscf.security-client", repeated, request=request)
    ):
        agreement.broken = True
    agreement.answered = agreement.answered or not agreement.broken
    return not agreement.broken


def require_proposal(request: Request, server_values: Sequence[str]) -> None:
    """Raises the Refusal of a request that should have proposed mechanisms: 494 to who knows them, else 421."""
    raise agreement_refusal(494 if _names_tag(request) else 421, server_values)


def agreement_refusal(status: int, server_values: Sequence[str]) -> Refusal:
    """A 421 or 494 with the server's list (RFC 3329 2.3.2)."""
    return Refusal(status, headers={"Security-Server": ", ".join(server_values), "Require": TAG})


def strip(draft: Draft) -> None:
    """Take the agreement's header fields out of a request that goes on (RFC 3329 2.3.1; TS 24.229 5.2.2)."""
    for name in ("Security-Client", "Security-Verify"):
        draft.remove(name)
    for name in ("Require", "Proxy-Require"):
        _without_tag(draft, name)


def nonce_of(challenge: Draft) -> str:
    """The nonce that a UE answers of those in a 401, as `aka_challenge` has it; "" if there is none to be read."""
    try:
        message = challenge.to_message()
    except MessageError:
        return ""
    found = aka_challenge(message) if isinstance(message, Response) else None
    return "" if found is None else found.nonce or ""


def _answered_nonce(request: Request) -> str:
    """The nonce that a REGISTER answers with a response; "" if there is none, or AUTS instead."""
    authorization = request.get(Authorization)
    if authorization is None or not authorization.response or authorization.auts:
        return ""
    return authorization.nonce or ""


def _names_tag(request: Request) -> bool:
    return any(TAG in request.option_tags(name) for name in ("Require", "Proxy-Require", "Supported"))


def _without_tag(draft: Draft, name: str) -> None:
    """Take sec-agree out of Require or Proxy-Require; an emptied header field goes whole (RFC 3329 2.3.1)."""
    values = draft.values(name)
    if not values:
        return
    kept = [value for value in values if value.strip().lower() != TAG]
    draft.remove(name)
    if kept:
        draft.add(name, ", ".join(kept))
