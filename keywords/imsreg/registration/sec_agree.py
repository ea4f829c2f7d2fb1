"""The P-CSCF's half of the security mechanism agreement, as far as header fields go (RFC 3329 2.3; TS 33.203 7.2)."""

from __future__ import annotations

from random import Random

from imsreg.registration.replies import Refusal
from imsreg.registration.seams import Seams
from imsreg.secagree.negotiation import Agreement, Endpoints, announce, common, same_list, transforms, usable
from imsreg.sip.draft import Draft
from imsreg.sip.headers.authorization import Authorization
from imsreg.sip.headers.security import SecurityClient, SecurityVerify
from imsreg.sip.message import Request

TAG = "sec-agree"
MAX_AGREEMENTS = 10_000


class SecAgree:
    """Agreements by IMPI and Call-ID: what the UE offered and what it was answered."""

    def __init__(self, release: int, random: Random, seams: Seams) -> None:
        self._transforms = transforms(release)
        self._release = release
        self._random = random
        self._seam = seams
        self._agreements: dict[tuple[str, str], Agreement] = {}

    def request(self, request: Request, draft: Draft, *, required: bool) -> None:
        """Check a REGISTER and take the agreement's header fields out of `draft`.

        Raises Refusal: 421 or 494 where the agreement is required and not offered (RFC 3329 2.3.2), 494 with the
        server's own list for a changed Security-Verify or Security-Client (2.3.1; TS 33.203 7.3.2.3).
        """
        client = request.get_all(SecurityClient)
        if not client:
            if required:
                raise self._required(request)
            return
        agreement = self._agreements.get(_key(request))
        if agreement is not None and _answers_challenge(request):
            kept = same_list(request.get_all(SecurityVerify), agreement.server)
            unchanged = agreement.answered or same_list(client, agreement.client)
            if not self._seam("p-cscf.security-verified", kept and unchanged, request=request):
                del self._agreements[_key(request)]
                raise Refusal(494, headers={"Security-Server": ", ".join(agreement.server_values), "Require": TAG})
            agreement.answered = True
        for name in ("Security-Client", "Security-Verify"):
            draft.remove(name)
        for name in ("Require", "Proxy-Require"):
            _without_tag(draft, name)

    def challenge(self, request: Request, draft: Draft) -> None:
        """Put Security-Server into a 401 and remember what was agreed (TS 33.203 7.2)."""
        client = request.get_all(SecurityClient)
        if not common(client, self._transforms) and not any(usable(entry) for entry in client):
            return  # nothing that could become an association: the challenge goes out without one
        taken = [spi for entry in client for spi in (entry.spi_c, entry.spi_s) if spi is not None]
        own = Endpoints.draw(self._random, avoid=taken)
        values = self._seam("p-cscf.security-server", announce(own, self._transforms), client=client)
        if len(self._agreements) >= MAX_AGREEMENTS:
            del self._agreements[next(iter(self._agreements))]
        self._agreements[_key(request)] = Agreement(client, own, values)
        for value in values:
            draft.add("Security-Server", value)

    def _required(self, request: Request) -> Refusal:
        own = Endpoints.draw(self._random)
        headers = {"Security-Server": ", ".join(announce(own, self._transforms)), "Require": TAG}
        return Refusal(494 if TAG in request.option_tags("Supported") else 421, headers=headers)


def _key(request: Request) -> tuple[str, str]:
    authorization = request.get(Authorization)
    username = authorization.username if authorization is not None else None
    return username or request.value("To") or "", request.value("Call-ID") or ""


def _answers_challenge(request: Request) -> bool:
    authorization = request.get(Authorization)
    return authorization is not None and bool(authorization.response) and not authorization.auts


def _without_tag(draft: Draft, name: str) -> None:
    """Take sec-agree out of Require or Proxy-Require; an emptied header field goes whole (RFC 3329 2.3.1)."""
    values = draft.values(name)
    if not values:
        return
    kept = [value for value in values if value.strip().lower() != TAG]
    draft.remove(name)
    if kept:
        draft.add(name, ", ".join(kept))
