"""A network that has lost a UE's registration says so in a 504 (TS 24.229 5.1.2A.1.6, 7.6)."""

from __future__ import annotations

from imsreg.sip.errors import HeaderError
from imsreg.sip.headers.content_type import ContentType
from imsreg.sip.headers.name_addr import PAssertedIdentity, Path, ServiceRoute
from imsreg.sip.ims_3gpp import MEDIA_TYPE, asks_for_initial_registration
from imsreg.sip.message import Response
from imsreg.sip.uri import equivalent


def asks_for_registration(response: Response, granted: Response | None) -> bool:
    """Whether a response to another request than REGISTER asks for a new initial registration.

    It is a 504 from an element that the UE knows: P-Asserted-Identity is a URI of Service-Route or Path in `granted`,
    the 200 of the registration. Its body says restoration, and initial-registration.
    """
    if response.status != 504 or granted is None:
        return False
    try:
        kind, sender = response.get(ContentType), response.get(PAssertedIdentity)
        known = [hop.uri for hop in (*granted.get_all(ServiceRoute), *granted.get_all(Path))]
    except HeaderError:
        return False
    if kind is None or kind.media_type != MEDIA_TYPE or sender is None:
        return False
    return any(equivalent(sender.uri, uri) for uri in known) and asks_for_initial_registration(response.body)
