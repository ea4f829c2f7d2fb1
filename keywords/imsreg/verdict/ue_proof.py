"""A 200 from somebody who does not know the UE's password, as its rspauth shows (RFC 7616 3.5)."""

from __future__ import annotations

from imsreg.sip.errors import HeaderError
from imsreg.sip.headers.authentication_info import AuthenticationInfo
from imsreg.sip.message import Response
from imsreg.verdict.credentials import digest_over
from imsreg.verdict.ue_registers import UeRegister


def unproven(register: UeRegister) -> bool:
    """Whether a right response of a UE with a password got a 2xx with an rspauth that the password does not give.

    Such a UE need not take itself for registered.
    """
    given, final, subscriber = register.authorization, register.final, register.subscriber
    if given is None or final is None or subscriber is None or subscriber.password is None or not register.accepted:
        return False
    told = _rspauth(final)
    if told is None:
        return False
    password = subscriber.password.reveal()
    if given.response != digest_over(given, password, method="REGISTER", body=register.request.body, qop=given.qop):
        return False
    right = digest_over(given, password, method="", body=final.body, qop=given.qop)
    return right is not None and told.lower() != right


def _rspauth(response: Response) -> str | None:
    try:
        info = response.get(AuthenticationInfo)
    except HeaderError:
        return None
    return None if info is None else info.rspauth
