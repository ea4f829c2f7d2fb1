"""A UE of a few lines for the tests of this directory, independent of the SIP engine."""

from __future__ import annotations

import re
import socket
import time

from imsreg.aka import digest
from imsreg.aka.nonce import Nonce, decode
from imsreg.aka.usim import Accepted, Usim

TIMEOUT = 10.0
AKA = "AKAv1-MD5"
USIM_SECONDS = 0.05
"""What a USIM takes for a challenge. Kamailio's S-CSCF does not know one yet whose answer comes within a millisecond or
two: it sends the 401 first and stores the vector afterwards (docs/findings-kamailio.md)."""


class Message:
    """A received message: first line and header fields, repeated ones in order. `status` is 0 for a request."""

    def __init__(self, head: bytes) -> None:
        self.first_line, *lines = head.decode().split("\r\n")
        self.status = int(self.first_line.split()[1]) if self.first_line.startswith("SIP/2.0") else 0
        self._fields = [(name.strip().lower(), value.strip()) for name, _, value in (x.partition(":") for x in lines)]

    def all(self, name: str) -> list[str]:
        """The values of a header field, full names only."""
        return [value for field, value in self._fields if field == name.lower()]

    def challenge(self, name: str) -> str | None:
        """A parameter of WWW-Authenticate, without quotes."""
        match = re.search(rf'\b{name}=("?)([^",]*)\1', self.all("WWW-Authenticate")[0])
        return match[2] if match else None

    @property
    def nonce(self) -> Nonce:
        """RAND and AUTN of the challenge."""
        return decode(self.challenge("nonce") or "")


def initial(impi: str, domain: str) -> str:
    """The digest parameters before any challenge (TS 24.229 5.1.1.2.2)."""
    return f'username="{impi}", realm="{domain}", uri="sip:{domain}", nonce="", response=""'


def answer(challenge: Message, impi: str, domain: str, password: bytes, algorithm: str = AKA, extra: str = "") -> str:
    """The digest parameters that answer a challenge."""
    nonce, uri = challenge.challenge("nonce") or "", f"sip:{domain}"
    response = digest.response(
        username=impi,
        realm=domain,
        password=password,
        method="REGISTER",
        uri=uri,
        nonce=nonce,
        algorithm=algorithm,
        qop="auth",
        nc="00000001",
        cnonce="c0ffee",
    )
    return (
        f'username="{impi}", realm="{domain}", uri="{uri}", nonce="{nonce}", response="{response}", '
        f'algorithm={algorithm}, qop=auth, nc=00000001, cnonce="c0ffee"{extra}'
    )


class PlainUe:
    """Sends one request at a time and waits for its answer. `sock` is bound, and gets connected to `pcscf`."""

    def __init__(self, sock: socket.socket, pcscf: tuple[str, int], domain: str, impi: str, impu: str) -> None:
        self.impi, self.impu, self._domain = impi, impu, domain
        self._socket = sock
        self._transport = "tcp" if sock.type == socket.SOCK_STREAM else "udp"
        address, port = sock.getsockname()[:2]
        self._sent_by = f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
        self._cseq = 0
        self._received = b""
        sock.settimeout(TIMEOUT)
        sock.connect(pcscf)

    def request(self, method: str, uri: str, *fields: str) -> Message:
        """Send a request outside a dialog; the final response, or the next request that comes before it."""
        self._cseq += 1
        user = self.impu.removeprefix("sip:").partition("@")[0]
        lines = [
            f"{method} {uri} SIP/2.0",
            f"Via: SIP/2.0/{self._transport.upper()} {self._sent_by};branch=z9hG4bK{method}{self._cseq};rport",
            "Max-Forwards: 70",
            f"From: <{self.impu}>;tag=t{self._cseq}",
            f"To: <{self.impu}>",
            f"Call-ID: {method}@{self._sent_by}",
            f"CSeq: {self._cseq} {method}",
            f"Contact: <sip:{user}@{self._sent_by};transport={self._transport}>",
            *fields,
            "Content-Length: 0",
        ]
        self._socket.sendall("\r\n".join([*lines, "", ""]).encode())
        while 100 <= (message := self.receive()).status < 200:
            pass
        return message

    def receive(self) -> Message:
        """The next message, its body left out. Raises TimeoutError."""
        if self._transport == "udp":
            return Message(self._socket.recv(65535).partition(b"\r\n\r\n")[0])
        while b"\r\n\r\n" not in self._received:
            octets = self._socket.recv(65535)
            if not octets:
                raise ConnectionError("the P-CSCF closed the connection")
            self._received += octets
        head, _, self._received = self._received.partition(b"\r\n\r\n")
        return Message(head)

    def register(self, authorization: str | None, expires: int = 600_000) -> Message:
        """One REGISTER; `authorization` holds the digest parameters, None leaves the header field out."""
        fields = [f"Expires: {expires}", "Supported: path"]
        if authorization is not None:
            fields.append(f"Authorization: Digest {authorization}")
        return self.request("REGISTER", f"sip:{self._domain}", *fields)

    def initial(self) -> str:
        """The digest parameters before any challenge (TS 24.229 5.1.1.2.2)."""
        return initial(self.impi, self._domain)

    def answer(self, challenge: Message, password: bytes, algorithm: str = AKA, extra: str = "") -> str:
        """The digest parameters that answer a challenge, after the time that a USIM takes."""
        time.sleep(USIM_SECONDS)
        return answer(challenge, self.impi, self._domain, password, algorithm, extra)

    def register_with_aka(self, usim: Usim, expires: int = 600_000) -> Message:
        """The whole procedure: the final response to the answered challenge."""
        challenge = self.register(self.initial(), expires)
        assert challenge.status == 401, challenge.first_line
        outcome = usim.authenticate(challenge.nonce.rand, challenge.nonce.autn)
        assert isinstance(outcome, Accepted)
        return self.register(self.answer(challenge, outcome.res.reveal()), expires)

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()
