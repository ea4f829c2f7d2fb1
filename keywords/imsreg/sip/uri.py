"""URIs: SIP and SIPS (RFC 3261 19.1), tel (RFC 3966), all others as opaque text."""

from __future__ import annotations

import re

import msgspec

from imsreg.sip import scan
from imsreg.sip.errors import SyntaxFault, UriError, show
from imsreg.sip.params import NO_PARAMS, Param, Params

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*+")
_NO_URI_CHARACTER = re.compile(r'[\x00-\x20\x7f"<>]')
# A SIP URI in one step; what it does not match is taken apart, or found fault with, piece by piece.
_SIP_URI = re.compile(
    r'(?P<scheme>[Ss][Ii][Pp][Ss]?):(?:(?P<user>[^@:\x00-\x20\x7f"<>]*+)(?::(?P<password>[^@\x00-\x20\x7f"<>]*+))?@)?'
    rf"(?P<host>{scan.HOST})(?::(?P<port>[0-9]{{1,4}}))?(?P<params>(?:;[^?@\x00-\x20\x7f\"<>]*+)?)"
)
_HOSTPORT = re.compile(rf"(?P<host>{scan.HOST})(?::(?P<port>{scan.PORT}))?")
# A telephone number with a subaddress, which may hold any character of a URI, "@" too (RFC 3261 25.1, RFC 3966 3).
_SUBADDRESS = re.compile(r"[0-9A-Fa-f+*#().\-]++;(?:[^@]*;)?isub=", re.IGNORECASE)
_ISUB = re.compile(r";isub=", re.IGNORECASE)
_ESCAPED = re.compile(r"%([0-9A-Fa-f]{2})")
_RESERVED = frozenset(b";/?:@&=+$,")  # RFC 2396 2.2, to which RFC 3261 19.1.4 points
_VISUAL_SEPARATORS = str.maketrans("", "", "-.()")  # RFC 3966 3

# A parameter of these that only one of two SIP URIs has makes them differ (RFC 3261 19.1.4). Not so "gr": a public
# GRUU is equivalent to its address-of-record (RFC 5627 5.1).
_NEVER_IGNORED = ("user", "ttl", "method", "maddr", "transport")


class Uri(msgspec.Struct, frozen=True):
    """A URI with its parts. `str()` gives the text as written; `==` compares that text, `equivalent` the meaning.

    `scheme` in lower case. For sip and sips: `user` and `password` as written, with escapes; `host` in comparable form
    (lower case, IPv6 compressed and without brackets) and `host_written`; `headers` as written. For tel: `user` is the
    number as written. For other schemes only `text` and `scheme` say something. An IPv6 host without brackets is read
    as such.
    """

    text: str
    scheme: str
    user: str | None = None
    password: str | None = None
    host: str = ""
    host_written: str = ""
    port: int | None = None
    params: Params = NO_PARAMS
    headers: tuple[tuple[str, str], ...] = ()

    @classmethod
    def parse(cls, text: str) -> Uri:
        """Reads a URI without angle brackets. Raises UriError."""
        try:
            return _read(text)
        except SyntaxFault as fault:
            raise UriError(text, fault.why, fault.column) from None

    @property
    def gruu(self) -> bool:
        """Whether this is a GRUU: it has the parameter gr, with or without a value (RFC 5627 3)."""
        return "gr" in self.params

    @property
    def lacks_brackets(self) -> bool:
        """Whether the host is an IPv6 address without its brackets, which is no host (RFC 3261 25.1) and yet read."""
        return ":" in self.host_written and not self.host_written.startswith("[")

    def address_of_record(self) -> str:
        """The form in which a registrar looks an address up: no parameters, no escapes (RFC 3261 10.3 step 5).

        The host is in comparable form, URI headers are gone. A tel URI has no visual separators and keeps
        phone-context, without which a local number says nothing (RFC 3966 5.1.5). Others stay as written.
        """
        if self.scheme == "tel":
            context = self.params.get("phone-context")
            number = (self.user or "").translate(_VISUAL_SEPARATORS)
            return f"tel:{number}" + (f";phone-context={context.lower()}" if context else "")
        if self.scheme not in ("sip", "sips"):
            return self.text
        user = "" if self.user is None else _decode(self.user)
        if self.password is not None:
            user += f":{_decode(self.password)}"
        at = "" if self.user is None else "@"
        port = "" if self.port is None else f":{self.port}"
        return f"{self.scheme}:{user}{at}{scan.bracketed(self.host)}{port}"

    def __str__(self) -> str:
        return self.text


def equivalent(a: Uri, b: Uri) -> bool:
    """Whether two URIs mean the same (RFC 3261 19.1.4, RFC 3966 4). IPv6 hosts are compared as addresses.

    Not transitive: most parameters that only one URI has are ignored. Schemes other than sip, sips, tel: same text.
    """
    if a.scheme != b.scheme:
        return False
    if a.scheme == "tel":
        return _same_number(a, b)
    if a.scheme not in ("sip", "sips"):
        return a.text == b.text
    return (
        _comparable(a.user) == _comparable(b.user)
        and _comparable(a.password) == _comparable(b.password)
        and (a.host, a.port) == (b.host, b.port)
        and all((name in a.params) == (name in b.params) for name in _NEVER_IGNORED)
        and all(_folded(a.params[name]) == _folded(b.params[name]) for name in a.params if name in b.params)
        and _comparable_headers(a) == _comparable_headers(b)
    )


def _read(text: str) -> Uri:
    if plain := _SIP_URI.fullmatch(text):
        return _plain_sip(text, plain)
    scheme = _SCHEME.match(text)
    if scheme is None or text[scheme.end() : scheme.end() + 1] != ":":
        raise SyntaxFault("a URI begins with its scheme and a colon, as in sip:")
    if bad := _NO_URI_CHARACTER.search(text):
        raise SyntaxFault(f"{show(bad.group())} cannot be in a URI", bad.start() + 1)
    name = scheme.group().lower()
    if name in ("sip", "sips"):
        return _read_sip(text, name, scheme.end() + 1)
    if name == "tel":
        number, _, _ = text[scheme.end() + 1 :].partition(";")
        if not number:
            raise SyntaxFault("the number is missing", scheme.end() + 2)
        return Uri(text, name, user=number, params=_tel_params(text, scheme.end() + 1 + len(number)))
    return Uri(text, name)


def _plain_sip(text: str, parts: re.Match[str]) -> Uri:
    scheme, user, password, host, port, params = parts.groups()
    return Uri(
        text,
        scheme.lower(),
        user,
        password,
        scan.host(host, parts.start("host") + 1),
        host,
        int(port) if port else None,
        Params.read(text, parts.start("params")) if params else NO_PARAMS,
    )


def _read_sip(text: str, scheme: str, at: int) -> Uri:
    user = password = None
    # Behind a user part with a subaddress nothing may hold "@", so that the last one ends it.
    sign = text.rfind("@", at) if _SUBADDRESS.match(text, at) else text.find("@", at)
    if sign >= 0:
        user, colon, rest = text[at:sign].partition(":")
        if "@" in rest:
            user = text[at:sign]  # the colon is one of the subaddress
        elif colon:
            password = rest
        at = sign + 1
    host, host_written, port, at = _read_hostport(text, at)
    question = text.find("?", at)
    end = question if question >= 0 else len(text)
    headers = [each.partition("=") for each in text[end + 1 :].split("&")] if question >= 0 else []
    return Uri(
        text,
        scheme,
        user,
        password,
        host=host,
        host_written=host_written,
        port=port,
        params=Params.read(text[:end], at),
        headers=tuple((name, value) for name, _, value in headers),
    )


def _read_hostport(text: str, at: int) -> tuple[str, str, int | None, int]:
    """Host, host as written and port at index `at`, and the index of what follows. Raises SyntaxFault."""
    hostport = _HOSTPORT.match(text, at)
    if hostport is not None and _ends(text, hostport.end()):
        host = scan.host(hostport["host"], at + 1)
        return host, hostport["host"], scan.port(hostport["port"], hostport.start("port") + 1), hostport.end()
    bare = scan.bare_ipv6(text, at)
    if bare is not None and _ends(text, bare.end):
        return bare.host, bare.written, bare.port, bare.end
    if hostport is None:
        raise SyntaxFault("the host is missing", at + 1)
    raise SyntaxFault(f"{show(text[hostport.end()])} cannot follow the host and port", hostport.end() + 1)


def _ends(text: str, at: int) -> bool:
    return at == len(text) or text[at] in ";?"


def _tel_params(text: str, at: int) -> Params:
    """The parameters of a tel URI from index `at`. Raises SyntaxFault."""
    try:
        return Params.read(text, at)
    except SyntaxFault:
        # A subaddress may hold what parameters are made of (RFC 3966 3): it then goes on to the end.
        subaddress = _ISUB.search(text, at)
        if subaddress is None:
            raise
        before = Params.read(text[: subaddress.start()], at)
        return Params((*before.all, Param("isub", text[subaddress.end() :])))


def _decode(text: str) -> str:
    """`text` with every escape undone; octets that are no UTF-8 become lone surrogates."""
    octets = re.sub(rb"%([0-9A-Fa-f]{2})", lambda m: bytes((int(m[1], 16),)), text.encode("utf-8", "surrogateescape"))
    return octets.decode("utf-8", "surrogateescape")


def _comparable(text: str | None) -> str | None:
    """`text` with the escapes undone that mean the same as their character, the others in upper case."""

    def undo(match: re.Match[str]) -> str:
        code = int(match[1], 16)
        return chr(code) if 0x20 < code < 0x7F and code not in _RESERVED and code != 0x25 else match[0].upper()

    return None if text is None else _ESCAPED.sub(undo, text)


def _folded(text: str | None) -> str | None:
    comparable = _comparable(text)
    return None if comparable is None else comparable.lower()


def _comparable_headers(uri: Uri) -> list[tuple[str | None, str | None]]:
    # Each header field has its own rules for what matches; the same text apart from escapes is what all of them share.
    return sorted((_folded(name) or "", _comparable(value) or "") for name, value in uri.headers)


def _same_number(a: Uri, b: Uri) -> bool:
    def comparable(uri: Uri) -> tuple[str, dict[str, str | None]]:
        params = {name: _folded(value) for name, value in uri.params.items()}
        for name in ("phone-context", "ext"):
            value = params.get(name)
            # A context that is no number is a host name, whose dots and hyphens count.
            if value is not None and (name == "ext" or value.startswith("+")):
                params[name] = value.translate(_VISUAL_SEPARATORS)
        return (uri.user or "").translate(_VISUAL_SEPARATORS).lower(), params

    return comparable(a) == comparable(b)
