"""Keywords that write messages out, change them, and read them."""

from __future__ import annotations

from typing import Any

from assertionengine import AssertionOperator, verify_assertion
from robot.api.deco import keyword

from imsreg.registration.credentials import ResChoice
from imsreg.sip.draft import Draft
from imsreg.sip.message import Message, Response
from imsreg.sip.mutation import descriptions, mutate
from imsreg.tester.messages import load_message
from imsreg.text import LIMIT
from imsreg.transcript.redaction import presentable
from ImsRegLibrary.component import Component


class MessageKeywords(Component):
    """Building is correct by default; every change after that is yours."""

    @keyword
    def build_initial_register(self, expires: int = 600_000) -> Draft:
        """The first REGISTER of a registration (TS 24.229 5.1.1.2): new Call-ID, empty credentials."""
        return self._ue.registration.initial_register(expires=expires)

    @keyword
    def build_register_answering(
        self, challenge: Response, res: ResChoice = ResChoice.RIGHT, nc: str | None = None
    ) -> Draft:
        """The REGISTER that answers a challenge: same Call-ID, CSeq + 1, the digest over RES (RFC 3310 3.3).

        ``res`` takes the right RES, a wrong one (one bit turned over), an empty password, or RES in hexadecimal. The
        USIM checks AUTN first: with a wrong MAC or a sequence number out of range the answer reports that. ``nc`` takes
        the place of the right nonce count, also in the digest: ``nc=00000000``.
        """
        return self._ue.answer(challenge, res, nc)

    @keyword
    def build_refresh(self, expires: int = 600_000) -> Draft:
        """A REGISTER that extends the binding."""
        return self._ue.registration.refresh(expires=expires)

    @keyword
    def build_fetch(self) -> Draft:
        """A REGISTER without Contact."""
        return self._ue.registration.fetch()

    @keyword
    def build_deregister(self) -> Draft:
        """A REGISTER with expiry zero for this UE's contact."""
        return self._ue.registration.deregister()

    @keyword
    def build_remove_all_bindings(self) -> Draft:
        """A REGISTER with ``Contact: *`` and expiry zero (RFC 3261 10.2.2)."""
        return self._ue.registration.remove_all()

    @keyword
    def load_message(self, path: str) -> Draft:
        """A message from a file, octet for octet; the path counts from ``vectors/``: ``seed/S1.sip``."""
        return load_message(path)

    @keyword
    def set_header(self, message: Draft, name: str, value: str) -> Draft:
        """Gives a header one field with this value, in the place of the first one. Changes and returns the message."""
        return message.set(name, value)

    @keyword
    def add_header(self, message: Draft, name: str, value: str) -> Draft:
        """Adds a field at the end of the header. Changes and returns the message."""
        return message.add(name, value)

    @keyword
    def remove_header(self, message: Draft, name: str) -> Draft:
        """Takes every field of that name out. Changes and returns the message."""
        return message.remove(name)

    @keyword
    def use_compact_names(self, message: Draft) -> Draft:
        """Writes the compact form of every header name that has one (RFC 3261 7.3.3)."""
        message.compact = True
        return message

    @keyword
    def fold_headers(self, message: Draft) -> Draft:
        """Folds every header field over several lines, with blanks and tabs (RFC 3261 7.3.1)."""
        return message.fold()

    @keyword
    def make_wrong(self, message: Draft, mutation: str, **arguments: object) -> bytes:
        """Makes exactly one thing wrong (or odd) and returns the octets.

        ``Make Wrong    ${register}    fold-header    header=Authorization``
        """
        return mutate(message, mutation, **arguments)

    make_wrong.__doc__ = f"{make_wrong.__doc__}\n" + "".join(f"        | {n} | {doc} |\n" for n, doc in descriptions())

    @keyword
    def get_header(
        self,
        message: Message | Draft,
        name: str,
        assertion_operator: AssertionOperator | None = None,
        assertion_expected: Any = None,
    ) -> str | None:
        """The value of the first field of a header, None if there is none; asserts on it if an operator is given.

        The values of ``ck`` and ``ik``, which no network should send, are masked.

        ``Get Header    ${ok}    P-Associated-URI    contains    ${UE.impu}``
        """
        value = message.value(name)
        shown = None if value is None else presentable(value, limit=LIMIT)
        checked: str | None = verify_assertion(shown, assertion_operator, assertion_expected, f"Header {name}")
        return checked

    @keyword
    def get_headers(self, message: Message | Draft, name: str) -> list[str]:
        """Every value of a header in order, comma lists taken apart."""
        return [presentable(value, limit=LIMIT) for value in message.values(name)]

    @keyword
    def get_status(
        self,
        response: Response,
        assertion_operator: AssertionOperator | None = None,
        assertion_expected: Any = None,
    ) -> int:
        """The status code; asserts on it if an operator is given."""
        checked: int = verify_assertion(response.status, assertion_operator, assertion_expected, "Status")
        return checked
