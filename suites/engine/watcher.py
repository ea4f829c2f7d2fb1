"""A UE that subscribes by hand, over UDP in mode none."""

from __future__ import annotations

from imsreg.registration.replies import reply
from imsreg.sip.draft import Draft
from imsreg.sip.headers.name_addr import Contact, To
from imsreg.sip.message import Request, parse
from imsreg.sip.reginfo import parse_reginfo

SERVICE_ROUTE = "<sip:orig@scscf.ims.mnc001.mcc001.3gppnetwork.org:5060;lr>"


class Watcher:
    """A UE at Gm that subscribes by hand and keeps what it is told; it answers NOTIFY with `status`, None: not."""

    def __init__(self, gm, ue, *, register=True):
        self.gm, self.ue = gm, ue
        self.told, self.status, self.cseq = [], 200, 0
        self.tag = self.route = None
        self.target = ue.default_identity
        if register:
            gm.register(ue)

    def draft(self, **headers):
        self.cseq += 1
        impu, flow = self.ue.default_identity, self.gm.flow
        tag = "" if self.tag is None else f";tag={self.tag}"
        fields = {
            "Via": f"SIP/2.0/{flow.transport} {flow.remote};branch=z9hG4bKs{id(self)}{self.cseq};rport",
            "Max-Forwards": "70",
            "Route": self.route or f"<sip:{flow.local};lr>, {SERVICE_ROUTE}",
            "From": f"<{impu}>;tag=ue",
            "To": f"<{impu}>{tag}",
            "Call-ID": f"s{flow.remote.port}",
            "CSeq": f"{self.cseq} SUBSCRIBE",
            "Contact": f"<sip:me@{flow.remote}>",
            "Event": "reg",
            "Expires": "600000",
            "Accept": "application/reginfo+xml",
        }
        fields |= {name.replace("_", "-"): value for name, value in headers.items() if name != "uri"}
        draft = Draft.request("SUBSCRIBE", headers.get("uri", self.target if self.tag else impu))
        for name, value in fields.items():
            if value is not None:
                draft.add(name, value)
        return draft

    def take(self, messages):
        """Keep and answer every NOTIFY; the rest."""
        rest = []
        while messages:
            message, *messages = messages
            if not isinstance(message, Request):
                rest.append(message)
                continue
            self.told.append(message)
            if self.status is not None:
                messages += self.gm.send(reply(message, self.status))
        return rest

    def subscribe(self, **headers):
        """The response to a SUBSCRIBE; NOTIFY has been answered."""
        (response,) = self.take(self.gm.send(self.draft(**headers)))
        if response.status == 200:
            self.tag = response.get(To).tag
            self.route = response.value("Record-Route") or self.route
            self.target = response.get(Contact).uri.text
        return response

    def register(self, draft):
        """A whole REGISTER exchange, with what follows from it."""
        while draft is not None:
            request = parse(draft.to_bytes())
            (response,) = self.take(self.gm.send(request))
            draft = self.ue.next_request(request, response, self.gm.now)
        return response

    @property
    def documents(self):
        return [parse_reginfo(each.body) for each in self.told]

    @property
    def states(self):
        return [each.value("Subscription-State") for each in self.told]


def events(document, place=0):
    """Those of the contacts of one registration of a document."""
    return [each.event for each in document.registrations[place].contacts]
