"""Authentication-Info in the 200: the network proves that it knows XRES, or the password (RFC 7616 3.5; 3310 3.5)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from imsreg.sip.errors import HeaderError
from imsreg.sip.headers.authentication_info import AuthenticationInfo
from imsreg.sip.headers.authorization import Authorization
from imsreg.verdict.authentication import Kind
from imsreg.verdict.checks.registry import check
from imsreg.verdict.credentials import digest_over, password_of
from imsreg.verdict.outcome import Breach, Held, Moot, Observed, Outcome, Unmet
from imsreg.verdict.view import Answered, View, line_of

EXPECTED = 'rspauth over XRES or the password, with A2 = ":" digest-uri'


@dataclass(frozen=True, slots=True)
class Proof:
    """A 2xx with rspauth, to a right response."""

    answered: Answered
    authorization: Authorization
    info: AuthenticationInfo
    password: bytes

    @property
    def line(self) -> int | None:
        """Where it stands."""
        return line_of(self.answered.response, AuthenticationInfo.NAME)

    def fits(self, method: str = "") -> bool:
        """Whether it is a digest over the password, with this method in A2.

        For the qop of the request, or the one that the server says it has applied.
        """
        qops = {self.authorization.qop, self.info.qop or self.authorization.qop}
        body = self.answered.response.body
        values = {digest_over(self.authorization, self.password, method=method, body=body, qop=qop) for qop in qops}
        return (self.info.rspauth or "").lower() in values

    @property
    def fits_with_method(self) -> bool:
        """Whether A2 has the method in it, as that of the request has."""
        return self.fits(self.answered.attempt.request.method)


@check("rfc3310-3.5-01")
def rspauth_has_xres_as_password(view: View) -> Iterator[Outcome]:
    """Right with or without the method in A2: the password was XRES."""
    proofs = list(_proofs(view, aka=True))
    if not proofs:
        yield _no_proof(view, aka=True)
    for proof in proofs:
        if isinstance(proof, Breach):
            yield proof
        elif not (proof.fits() or proof.fits_with_method):
            yield Breach(proof.answered.entry, EXPECTED, "another value", proof.line)
        elif not (proof.info.rspauth or "").islower():
            actual = f'rspauth="{proof.info.rspauth}"'
            yield Observed(proof.answered.entry, "hexadecimal digits in lower case", actual, proof.line)
        else:
            yield Held(proof.answered.entry)


@check("rfc7616-3.5-01")
def rspauth_has_no_method_in_a2(view: View) -> Iterator[Outcome]:
    """The digest of the server is over ":" and the digest uri alone."""
    proofs = list(_proofs(view))
    if not proofs:
        yield _no_proof(view)
    for proof in proofs:
        if isinstance(proof, Breach):
            yield proof
        elif proof.fits():
            yield Held(proof.answered.entry)
        else:
            actual = "the digest with the method in A2" if proof.fits_with_method else "another value"
            yield Breach(proof.answered.entry, EXPECTED, actual, proof.line)


@check("rfc7616-3.5-02")
def rspauth_comes_with_cnonce_and_nc(view: View) -> Iterator[Outcome]:
    """Those of the request, if it had a qop."""
    decided = False
    for proof in _proofs(view):
        if isinstance(proof, Breach) or proof.authorization.qop is None:
            continue
        decided = True
        asked = (proof.authorization.cnonce, _count(proof.authorization.nc))
        if (proof.info.cnonce, _count(proof.info.nc)) == asked:
            yield Held(proof.answered.entry)
        else:
            yield Breach(
                proof.answered.entry,
                expected=f'cnonce="{proof.authorization.cnonce}", nc={proof.authorization.nc}',
                actual=f"cnonce={proof.info.cnonce}, nc={proof.info.nc}",
                line=proof.line,
            )
    if not decided:
        yield _no_proof(view)


def _right(view: View, *, aka: bool) -> Iterator[Answered]:
    """The right responses that got a 2xx; with `aka` those over RES alone."""
    return (a for a in view.accepted if a.attempt.kind is Kind.RIGHT and (a.attempt.by_aka or not aka))


def _no_proof(view: View, *, aka: bool = False) -> Outcome:
    """Authentication-Info is the network's choice: without it there is nothing to judge (RFC 3310 3.5)."""
    if any(_right(view, aka=aka)):
        return Moot("the network sends no rspauth, or none to a request with qop, as it may")
    return Unmet("no right response got a 2xx")


def _proofs(view: View, *, aka: bool = False) -> Iterator[Proof | Breach]:
    """The proofs in 2xx responses to right responses; a Breach for an Authentication-Info that cannot be read."""
    for answered in _right(view, aka=aka):
        attempt = answered.attempt
        authorization, challenged, subscriber = attempt.authorization, attempt.answers, attempt.subscriber
        if authorization is None or challenged is None or subscriber is None:
            continue
        try:
            info = answered.response.get(AuthenticationInfo)
        except HeaderError as error:
            yield Breach(answered.entry, EXPECTED, str(error), error.line)
            continue
        password = password_of(subscriber, challenged.nonce, authorization.algorithm)
        if info is not None and info.rspauth is not None and password is not None:
            yield Proof(answered, authorization, info, password)


def _count(nc: str | None) -> int | None:
    """A nonce count: 8 hexadecimal digits; None for anything else."""
    try:
        return int(nc, 16) if nc is not None and len(nc) == 8 else None
    except ValueError:
        return None
