"""Transcripts of a core under test, written by hand: REGISTER requests of one UE, and whatever answers them."""

from __future__ import annotations

from collections.abc import Callable

from imsreg.aka.milenage import Milenage
from imsreg.identity.subscribers import Subscriber
from imsreg.secret import Secret
from imsreg.sip.draft import Draft
from imsreg.sip.flow import Address, Flow
from imsreg.transcript.transcript import Transcript
from imsreg.verdict.checks import checks_of
from imsreg.verdict.facts import Facts
from imsreg.verdict.outcome import Outcome
from imsreg.verdict.view import View

HOME = "home.example"
UE = "127.0.1.1:5060"
CONTACT = f"<sip:alice@{UE}>"
UDP = Flow("UDP", Address("127.0.1.1", 5060), Address("127.0.2.1", 5060))
TCP = Flow("TCP", Address("127.0.1.1", 5060), Address("127.0.2.1", 5060))

Edit = Callable[[bytes], bytes]


class Talk:
    """A transcript in the making. Requests are right, and initial ones, but for what a test changes."""

    def __init__(self, flow: Flow = UDP) -> None:
        self.transcript = Transcript("forged", 0.0, start=0.0)
        self.flow = flow
        self._requests: list[Draft] = []

    def asks(self, *contacts: str, edit: Edit | None = None, at: float = 0.0, **headers: str) -> Talk:
        """A REGISTER for these contacts, one field each; `edit` changes its octets."""
        branch = f"z9hG4bK{len(self._requests)}"
        fields = {
            "Via": f"SIP/2.0/{self.flow.transport} {UE};branch={branch}",
            "Max_Forwards": "70",
            "From": f"<sip:alice@{HOME}>;tag=1",
            "To": f"<sip:alice@{HOME}>",
            "Call_ID": "one",
            "CSeq": f"{len(self._requests) + 1} REGISTER",
            "Expires": "600",
            "Authorization": f'Digest username="alice@{HOME}", realm="{HOME}", nonce="", response=""',
        }
        request = Draft.request("REGISTER", f"sip:{HOME}")
        for name, value in (fields | headers).items():
            request.add(name.replace("_", "-"), value.format(branch=branch))
        for contact in contacts or (CONTACT,):
            request.add("Contact", contact)
        self._requests.append(request)
        octets = request.to_bytes()
        self.transcript.record(True, self.flow, edit(octets) if edit else octets, at)
        return self

    def gets(self, status: int, *contacts: str, back: int = 1, length: bool = True, at: float = 0.0) -> Talk:
        """The response, with these contacts, to the last request, or to one further `back`."""
        response = Draft.response(status)
        for name in ("Via", "From", "To", "Call-ID", "CSeq"):
            for value in self._requests[-back].values(name):
                response.add(name, value)
        for contact in contacts:
            response.add("Contact", contact)
        if not length:
            response.remove("Content-Length")
        self.transcript.record(False, self.flow, response.to_bytes(), at)
        return self

    def line_ends(self, octets: bytes = b"\r\n\r\n", *, sent: bool = True) -> Talk:
        """Nothing but line ends, from the tester or from the DUT."""
        self.transcript.record(sent, self.flow, octets, 0.0)
        return self

    def notes(self, text: str) -> Talk:
        """What the tester has to say."""
        self.transcript.note(text, 0.0)
        return self

    def gives_up(self) -> Talk:
        """The tester has waited for an answer."""
        self.transcript.note("no answer within 32 s", 32.0, kind="transport")
        return self

    def judge(self, requirement: str) -> list[type[Outcome]]:
        """What kinds of outcome the checks of one requirement yield."""
        return [type(outcome) for outcome in self.outcomes(requirement)]

    def outcomes(self, requirement: str) -> list[Outcome]:
        """What the checks of one requirement yield."""
        algorithm = Milenage(Secret(bytes(16)), Secret(bytes(16)))
        impi, impus = f"alice@{HOME}", (f"sip:alice@{HOME}",)
        alice = Subscriber("alice", "001010000000001", 2, impi, HOME, impus, (), 8, bytes(2), 0, algorithm)
        view = View(self.transcript, Facts(HOME, "none", 14, {impi: alice}))
        return [outcome for check in checks_of(requirement) for outcome in check(view)]
