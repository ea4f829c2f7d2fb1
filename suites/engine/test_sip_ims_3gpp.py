"""The request for another registration in a body of the network (TS 24.229 7.6)."""

import pytest

from imsreg.sip.ims_3gpp import asks_for_initial_registration

NAMESPACE = 'xmlns="urn:3gpp:ns:ims:1"'
ASKED = "<type>restoration</type><reason/><action>initial-registration</action>"


@pytest.mark.parametrize(
    ("body", "asks"),
    [
        (f"<ims-3gpp version='1'><alternative-service>{ASKED}</alternative-service></ims-3gpp>", True),
        (f"<ims-3gpp {NAMESPACE}><alternative-service> {ASKED} </alternative-service></ims-3gpp>", True),
        (f"<ims-3gpp><service-info/><alternative-service>{ASKED}</alternative-service></ims-3gpp>", True),
        ("<ims-3gpp><alternative-service><type>emergency</type></alternative-service></ims-3gpp>", False),
        ("<ims-3gpp><alternative-service><type>restoration</type></alternative-service></ims-3gpp>", False),
        (f"<ims-3gpp><other>{ASKED}</other></ims-3gpp>", False),
        ("<ims-3gpp/>", False),
        ("<ims-3gpp", False),
        ("", False),
    ],
)
def test_what_asks_for_an_initial_registration(body: str, asks: bool) -> None:
    assert asks_for_initial_registration(body.encode()) is asks
