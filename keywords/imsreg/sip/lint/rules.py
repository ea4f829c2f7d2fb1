"""The rules of lint: what each is about, where it is written, and how much a breach of it means."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from imsreg.sip.lint.violation import Severity


class Rule(NamedTuple):
    """A rule: the clause that was read for it (a header's own grammar comes on top), and what it demands."""

    id: str
    severity: Severity
    clause: str
    title: str


_VIOLATION, _OBSERVATION = Severity.VIOLATION, Severity.OBSERVATION

_RULES = (
    # The octets of a head.
    Rule("line-end", _VIOLATION, "RFC 3261 7", "every line ends with CRLF, and CR and LF stand nowhere else"),
    Rule("utf-8", _VIOLATION, "RFC 3261 7", "text is UTF-8"),
    Rule("utf-8-form", _OBSERVATION, "RFC 3261 7", "UTF-8 is that of today: shortest forms, no surrogates"),
    Rule("head-end", _VIOLATION, "RFC 3261 7", "an empty line ends the header, even without a body"),
    # The start line.
    Rule("start-line", _VIOLATION, "RFC 3261 7.1, 7.2, 25.1", "the start line follows its grammar"),
    Rule("sip-version", _VIOLATION, "RFC 3261 7.1", "the version is SIP/2.0, in upper case"),
    Rule("status-class", _VIOLATION, "RFC 3261 7.2", "a status code begins with 1 to 6"),
    Rule("method-case", _OBSERVATION, "RFC 3261 7.1", "methods are case-sensitive"),
    # Fields.
    Rule("header-name", _VIOLATION, "RFC 3261 7.3.1, 25.1", "every field has a name, a token, and a colon"),
    Rule("header-grammar", _VIOLATION, "RFC 3261 25.1", "the value of a header follows its grammar"),
    Rule("header-value", _VIOLATION, "RFC 3261 25.1", "an unknown header's value is text"),
    Rule("undecided", _OBSERVATION, "RFC 3261 25.1", "a value is simple enough to be judged"),
    Rule("trailing-blank", _OBSERVATION, "RFC 3261 25.1", "no blank follows the value of a field"),
    Rule("duplicate-header", _VIOLATION, "RFC 3261 7.3.1", "only a header that is a list has several fields"),
    Rule("combined-credentials", _VIOLATION, "RFC 3261 7.3.1", "each challenge and credential has its own field"),
    Rule("duplicate-parameter", _VIOLATION, "RFC 3261 7.3.1", "a parameter name comes once"),
    Rule("parameter-grammar", _VIOLATION, "RFC 3261 25.1", "a parameter that the grammar names follows its own rule"),
    Rule("feature-tag", _OBSERVATION, "RFC 3840 9", "a feature tag's value is a list of tags or a string in < and >"),
    # Headers that have to be there, or must not be.
    Rule("mandatory-header", _VIOLATION, "RFC 3261 20", "the mandatory headers are there"),
    Rule("header-not-applicable", _VIOLATION, "RFC 3261 20", "a header stands only where it is applicable"),
    Rule("content-length-missing", _VIOLATION, "RFC 3261 20.14", "Content-Length is there on a stream"),
    Rule("content-length-advised", _OBSERVATION, "RFC 3261 20.14", "Content-Length should be there on any transport"),
    Rule("content-length", _VIOLATION, "RFC 3261 20.14", "Content-Length is the length of the body"),
    # Numbers.
    Rule("cseq-range", _VIOLATION, "RFC 3261 8.1.1.5", "a sequence number is less than 2**31"),
    Rule("cseq-method", _VIOLATION, "RFC 3261 8.1.1.5", "the method in CSeq is that of the request"),
    Rule("max-forwards-range", _VIOLATION, "RFC 3261 20.22", "Max-Forwards is 0 to 255"),
    Rule("seconds-range", _VIOLATION, "RFC 3261 20.19, 20.23", "a number of seconds is 0 to 2**32-1"),
    Rule("contact-expires-range", _OBSERVATION, "RFC 3261 10.2", "expires of a contact is 0 to 2**32-1"),
    Rule("date", _VIOLATION, "RFC 3261 20.17", "a date exists"),
    Rule("weekday", _OBSERVATION, "RFC 3261 20.17", "the day of the week is that of the date"),
    # Addresses.
    Rule(
        "uri-grammar", _VIOLATION, "RFC 3261 19.1.1, 25.1", "a sip, sips or tel URI follows the grammar of its scheme"
    ),
    Rule("uri-brackets", _VIOLATION, "RFC 3261 20", "a URI with comma, question mark or semicolon stands in < and >"),
    Rule("uri-component", _OBSERVATION, "RFC 3261 19.1.1", "a URI has only what is allowed where it stands"),
    Rule("duplicate-uri-parameter", _VIOLATION, "RFC 3261 19.1.1", "a URI parameter comes once"),
    Rule("port-range", _VIOLATION, "RFC 3261 19.1.1", "a port is at most 65535"),
    Rule("ip-address", _VIOLATION, "RFC 3261 19.1.1", "a numeric host is an IPv4 address, or an IPv6 address"),
    # RFC 5954 and RFC 4475 are known from memory, therefore observations.
    Rule("three-colons", _OBSERVATION, "RFC 3261 25.1, RFC 5954", "two colons stand before an IPv4 address in IPv6"),
    Rule("display-name-blank", _OBSERVATION, "RFC 3261 25.1, RFC 4475 3.1.1.6", "a blank follows a display name"),
    # Tags, Via.
    Rule("from-tag", _VIOLATION, "RFC 3261 8.1.1.3", "From of a request has a tag"),
    Rule("from-tag-absent", _OBSERVATION, "RFC 3261 8.2.6.2", "From of a response has the request's tag"),
    Rule("to-tag", _VIOLATION, "RFC 3261 8.2.6.2", "To of a response other than 100 has a tag"),
    Rule("via-protocol", _VIOLATION, "RFC 3261 8.1.1.7", "the protocol in Via is SIP/2.0"),
    Rule("via-branch", _VIOLATION, "RFC 3261 8.1.1.7", "the topmost Via of a request has a branch"),
    Rule("branch-cookie", _OBSERVATION, "RFC 3261 8.1.1.7", "a branch begins with z9hG4bK"),
    Rule("rport-value", _VIOLATION, "RFC 3581 3", "rport has no value in the topmost Via of a request"),
    Rule("received-brackets", _OBSERVATION, "RFC 3261 25.1", "received holds an address without brackets"),
    # Registration.
    Rule("register-request-uri", _VIOLATION, "RFC 3261 10.2", "the Request-URI of a REGISTER has no userinfo"),
    Rule("register-to-scheme", _VIOLATION, "RFC 3261 10.2", "To of a REGISTER is a SIP or SIPS URI"),
    Rule("register-to-tag", _OBSERVATION, "RFC 3261 8.1.1.2", "To has no tag outside a dialog"),
    Rule("contact-star-alone", _VIOLATION, "RFC 3261 7.3", 'Contact "*" is the only contact'),
    Rule("contact-star-expires", _VIOLATION, "RFC 3261 10.2.2", 'Contact "*" comes with Expires: 0'),
    Rule("contact-star-elsewhere", _OBSERVATION, "RFC 3261 10.2.2", 'Contact "*" is for REGISTER requests'),
    # Digest.
    Rule("basic-scheme", _VIOLATION, "RFC 3261 22.4", "no challenge asks for Basic"),
    Rule("challenge-qop", _VIOLATION, "RFC 3261 22.4", "a Digest challenge has qop"),
    # The sentence is quoted from memory, therefore an observation.
    Rule("duplicate-auth-parameter", _OBSERVATION, "RFC 7235 2.1", "a challenge or credential has each parameter once"),
    Rule("digest-qop", _VIOLATION, "RFC 2617 3.2.2, RFC 7616 3.4, 3.5", "qop comes with nc and cnonce"),
    Rule("digest-parameters", _OBSERVATION, "RFC 2617 3.2.1, 3.2.2", "a scheme's usual parameters are there"),
    Rule("digest-length", _OBSERVATION, "RFC 8760 2.7", "a response is empty or has at least 32 digits"),
    Rule("aka-nonce", _VIOLATION, "RFC 3310 3.2", "a nonce for AKA is base64 of RAND, AUTN and server data"),
    # Security agreement.
    Rule("annex-h", _OBSERVATION, "TS 33.203 Annex H", "ipsec-3gpp has the parameters and values that Annex H lists"),
)

RULES: Mapping[str, Rule] = {rule.id: rule for rule in _RULES}
"""Every rule by its id."""
