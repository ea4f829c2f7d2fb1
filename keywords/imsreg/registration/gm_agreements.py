"""What a P-CSCF and a UE agree on: proposal, choice, comparison (TS 33.203 7.2, 7.3.2; RFC 3329 2.3)."""

from __future__ import annotations

from collections.abc import Sequence

from imsreg.registration.gm_arrival import Arrival, Step
from imsreg.registration.gm_sets import GmSets
from imsreg.registration.seams import Seams
from imsreg.registration.sec_agree import agreement_refusal, require_proposal, verified
from imsreg.secagree.acceptance import accept
from imsreg.secagree.candidates import Chosen, NothingUsable
from imsreg.secagree.endpoints import Endpoints
from imsreg.secagree.listing import read_list
from imsreg.secagree.negotiation import Agreement, announce, same_list, transforms
from imsreg.secagree.selection import select
from imsreg.secagree.transforms import ALL_TRANSFORMS
from imsreg.secagree.usability import transform
from imsreg.sip.headers.security import SecurityClient, SecurityServer, SecurityVerify
from imsreg.sip.message import Request


class GmAgreements:
    """The lists of both sides. What was agreed is kept with the set that came of it."""

    def __init__(self, release: int, seams: Seams, sets: GmSets) -> None:
        self._transforms = transforms(release)
        self._seam = seams
        self._sets = sets

    def announce(self, own: Endpoints) -> list[str]:
        """The P-CSCF's list with these SPIs and ports."""
        return announce(own, self._transforms)

    def check(self, arrival: Arrival, *, required: bool) -> None:
        """Compare the lists of a REGISTER with what it answers or was agreed, or look at what it proposes.

        Raises HeaderError for a list that cannot be read, and Refusal: 421 or 494.
        """
        request = arrival.request
        client = request.get_all(SecurityClient)
        match arrival.step:
            case Step.ANSWER if arrival.answers is not None:
                agreement = arrival.answers.agreement
                if not verified(request, agreement, client, self._seam):
                    raise agreement_refusal(494, agreement.server_values)
            case Step.REGISTER | Step.OTHER if arrival.held is not None and not self._mirrors(
                request, arrival.held.agreement
            ):
                # Every later request says again what was agreed (RFC 3329 2.3.1).
                raise agreement_refusal(494, arrival.held.agreement.server_values)
            case _ if arrival.protected:
                pass  # it may pass without a challenge, and so without a set
            case _ if client:
                self.chosen(arrival, client)
            case _ if required:
                require_proposal(request, self.announce(self._sets.draw(arrival)))
            case _:
                pass

    def chosen(self, arrival: Arrival, client: Sequence[SecurityClient]) -> Chosen:
        """The combination that is taken of a proposal. Raises Refusal: 494 with the P-CSCF's own list."""
        found = accept(client, self._transforms, in_use=self._sets.others(arrival.contact))
        if isinstance(found, NothingUsable):
            raise agreement_refusal(494, self.announce(self._sets.draw(arrival)))
        return found

    def as_the_ue_would(
        self, values: Sequence[str], arrival: Arrival, client: Sequence[SecurityClient]
    ) -> tuple[Chosen, Endpoints] | tuple[None, None]:
        """What a UE makes of Security-Server values that need not be the P-CSCF's: its own half, and the other's."""
        known = [each for each in map(transform, client) if each in ALL_TRANSFORMS]
        others = self._sets.others(arrival.contact)
        offered = accept(client, known, in_use=others)
        if isinstance(offered, NothingUsable):
            return None, None
        server = read_list(values, SecurityServer).entries
        taken = select(server, known, offered.peer, in_use=others, before=self._sets.before(arrival.contact))
        if isinstance(taken, NothingUsable):
            return None, None
        own = accept(client, [taken.transform], in_use=others)
        return (None, None) if isinstance(own, NothingUsable) else (own, taken.peer)

    def _mirrors(self, request: Request, agreement: Agreement) -> bool:
        mirrored = same_list(request.get_all(SecurityVerify), agreement.server)
        return self._seam("p-cscf.security-verify", mirrored, request=request)
