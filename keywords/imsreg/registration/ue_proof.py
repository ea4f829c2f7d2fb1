"""Whether a network that accepts a UE's password shows that it knows it, too (RFC 7616 3.5)."""

from __future__ import annotations

from imsreg.aka import digest
from imsreg.aka.digest_algorithms import DigestError
from imsreg.secret import Secret
from imsreg.sip.errors import HeaderError
from imsreg.sip.headers.authentication_info import AuthenticationInfo
from imsreg.sip.headers.authorization import Authorization
from imsreg.sip.message import Request, Response


def proven(password: Secret | None, request: Request, response: Response) -> bool:
    """False for an rspauth that the password does not give. Without one, or without a password, nothing is asked."""
    if password is None:
        return True
    try:
        info, sent = response.get(AuthenticationInfo), request.get(Authorization)
    except HeaderError:
        return True
    if info is None or info.rspauth is None or sent is None or not sent.response:
        return True
    try:
        right = digest.response(
            username=sent.username or "",
            realm=sent.realm or "",
            password=password.reveal(),
            method="",
            uri=sent.uri or "",
            nonce=sent.nonce or "",
            algorithm=sent.algorithm or "MD5",
            qop=sent.qop,
            nc=sent.nc,
            cnonce=sent.cnonce,
            body=response.body,
        )
    except DigestError:
        return True
    return info.rspauth.lower() == right
