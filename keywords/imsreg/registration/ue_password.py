"""A UE without AKA: SIP digest over a password (TS 33.203 Annex N; RFC 7616 3.4)."""

from __future__ import annotations

from imsreg.aka import digest
from imsreg.aka.sqn import SqnArray
from imsreg.aka.usim import Usim
from imsreg.identity.subscribers import Subscriber
from imsreg.registration.credentials import Answer, CannotAnswer, Credentials, authorization, chosen_qop
from imsreg.registration.seams import Seams
from imsreg.registration.ue_request import UeIdentity
from imsreg.secret import Secret
from imsreg.sip.challenges import PASSWORD_ALGORITHMS
from imsreg.sip.headers.authorization import WwwAuthenticate


def card_of(subscriber: Subscriber, sqn: SqnArray) -> Usim | PasswordStore:
    """What answers challenges for a subscriber. Raises ValueError for one with neither AKA keys nor a password."""
    if subscriber.password is not None:
        return PasswordStore(subscriber.password)
    if subscriber.algorithm is None:
        raise ValueError(f"{subscriber.name} has neither AKA keys nor a password")
    return Usim(subscriber.algorithm, subscriber.res_length, sqn)


class PasswordStore:
    """The password, and the challenge that it answered last: a nonce is good for more than one request."""

    def __init__(self, password: Secret) -> None:
        self._password = password
        self._challenge: WwwAuthenticate | None = None
        self._uses = 0

    @property
    def counts(self) -> bool:
        """Whether there is a nonce to go on with: one that came with a qop, which nc counts (RFC 7616 3.4)."""
        return self._challenge is not None and chosen_qop(self._challenge) is not None

    def forget(self) -> None:
        """Begin without a nonce."""
        self._challenge = None

    def answer(
        self, challenge: WwwAuthenticate, identity: UeIdentity, *, cnonce: str, seams: Seams, nc: str | None = None
    ) -> Credentials:
        """The Authorization value for a challenge, with the nc of a first use unless another one is wanted.

        Raises CannotAnswer for an algorithm that is not known.
        """
        if (challenge.algorithm or "md5").lower() not in PASSWORD_ALGORITHMS:
            raise CannotAnswer("its algorithm is none for a password")
        self._challenge, self._uses = challenge, 0
        return Credentials(Answer.AUTHENTICATED, self.again(identity, cnonce=cnonce, seams=seams, nc=nc))

    def again(self, identity: UeIdentity, *, cnonce: str, seams: Seams, nc: str | None = None) -> str:
        """The value for the next request with the nonce that was answered last: nc counts up (RFC 7616 3.4)."""
        challenge = self._challenge
        assert challenge is not None  # who asks has answered one
        self._uses += 1
        qop, nc = chosen_qop(challenge), nc or f"{self._uses:08x}"
        response = digest.response(
            username=identity.impi,
            realm=challenge.realm or "",
            password=self._password.reveal(),
            method="REGISTER",
            uri=identity.home_uri,
            nonce=challenge.nonce or "",
            algorithm=challenge.algorithm or "MD5",
            qop=qop,
            nc=nc,
            cnonce=cnonce,
        )
        value = authorization(challenge, identity, response=response, qop=qop, nc=nc, cnonce=cnonce)
        return seams("ue.credentials", value, challenge=challenge, identity=identity, outcome=None)
