"""The fields as libosip2 reads them, through ctypes. Structures are those of osipparser2's public header files."""

from __future__ import annotations

import ctypes
import ctypes.util
from collections.abc import Callable, Iterator

from differential.fields import AUTHORIZATION, Fields, Values, authorization, host, ports, present, unquoted, uri

_SILENT = ctypes.CFUNCTYPE(None, ctypes.c_char_p, ctypes.c_int, ctypes.c_int, ctypes.c_char_p, ctypes.c_void_p)(
    lambda *_: None
)
_GETTERS = {"response": "response", "qop": "message_qop", "nc": "nonce_count"}


class _List(ctypes.Structure):
    _fields_ = (("count", ctypes.c_int), ("node", ctypes.c_void_p))


class _Via(ctypes.Structure):
    _fields_ = (
        *((name, ctypes.c_char_p) for name in ("version", "protocol", "host", "port", "comment")),
        ("params", _List),
    )


class _Address(ctypes.Structure):
    """From, To and Contact."""

    _fields_ = (("display", ctypes.c_char_p), ("url", ctypes.c_void_p), ("params", _List))


class _Uri(ctypes.Structure):
    _fields_ = (
        *((name, ctypes.c_char_p) for name in ("scheme", "username", "password", "host", "port")),
        ("params", _List),
        ("headers", _List),
        ("string", ctypes.c_char_p),
    )


class _Param(ctypes.Structure):
    _fields_ = (("name", ctypes.c_char_p), ("value", ctypes.c_char_p))


def library() -> str | None:
    """The name of the shared library, or None if it is not installed."""
    return ctypes.util.find_library("osipparser2")


class Osip:
    """The library, loaded and set up."""

    def __init__(self, name: str) -> None:
        self._dll = ctypes.CDLL(name)
        self._dll.parser_init()
        # Without this its complaints go to standard output.
        self._dll.osip_trace_initialize_func(0, _SILENT)

    def read(self, octets: bytes) -> Fields | None:
        """The fields, or None if it refuses the message."""
        message = ctypes.c_void_p()
        self._dll.osip_message_init(ctypes.byref(message))
        try:
            if self._dll.osip_message_parse(message, octets, ctypes.c_size_t(len(octets))) != 0:
                return None
            return self._fields(message)
        finally:
            self._dll.osip_message_free(message)

    def _fields(self, message: ctypes.c_void_p) -> dict[str, Values]:
        found: dict[str, Values] = {}
        if status := self._dll.osip_message_get_status_code(message):
            found["status"] = (f"{status}",)
        else:
            found["method"] = (self._text("osip_message_get_method", message),)
            found["request-uri"] = (self._uri(self._pointer("osip_message_get_uri", message)),)
        vias = [_Via.from_address(at) for at in self._all("osip_message_get_via", message)]
        found["via host"] = tuple(host(_decoded(via.host)) for via in vias)
        found["via port"] = ports(_decoded(via.port) for via in vias)
        found["via branch"] = present(self._param(via.params, b"branch") for via in vias)
        for name in ("from", "to"):
            at = self._pointer(f"osip_message_get_{name}", message)
            address = _Address.from_address(at) if at else None
            found[f"{name} uri"] = () if address is None else (self._uri(address.url),)
            found[f"{name} tag"] = () if address is None else present((self._param(address.params, b"tag"),))
        cseq = self._pointer("osip_message_get_cseq", message)
        number, method = self._text("osip_cseq_get_number", cseq), self._text("osip_cseq_get_method", cseq)
        found["cseq"] = (" ".join((*ports((number,)), method)),) if cseq else ()
        call_id = self._pointer("osip_message_get_call_id", message)
        # It takes a Call-ID apart at its "@".
        parts = [self._text(f"osip_call_id_get_{part}", call_id) for part in ("number", "host")] if call_id else []
        found["call-id"] = ("@".join(part for part in parts if part),) if call_id else ()
        contacts = [_Address.from_address(at) for at in self._all("osip_message_get_contact", message)]
        found["contact uri"] = tuple(self._uri(each.url) if each.url else _decoded(each.display) for each in contacts)
        found["contact expires"] = present(self._param(each.params, b"expires") for each in contacts)
        found["authorization"] = self._authorization(message)
        return found

    def _authorization(self, message: ctypes.c_void_p) -> Values:
        for credentials in self._all("osip_message_get_authorization", message):
            getters = {name: f"osip_authorization_get_{_GETTERS.get(name, name)}" for name in AUTHORIZATION}
            texts = {name: self._text(getter, credentials) for name, getter in getters.items()}
            # It keeps the quotes of quoted strings.
            return authorization({name: unquoted(text) for name, text in texts.items()})
        return ()

    def _all(self, function: str, message: ctypes.c_void_p) -> Iterator[int]:
        get, position, at = self._function(function), 0, ctypes.c_void_p()
        while get(message, position, ctypes.byref(at)) >= 0 and at.value:
            yield at.value
            position += 1
            at = ctypes.c_void_p()

    def _param(self, params: _List, name: bytes) -> str:
        at = ctypes.c_void_p()
        self._dll.osip_uri_param_get_byname(ctypes.byref(params), name, ctypes.byref(at))
        return _decoded(_Param.from_address(at.value).value) if at.value else ""

    def _uri(self, at: int | None) -> str:
        if not at:
            return ""
        read = _Uri.from_address(at)
        scheme = _decoded(read.scheme)
        if scheme.lower() not in ("sip", "sips"):
            return f"{scheme}:{_decoded(read.string)}"
        # It has taken the escapes of the user away.
        user = _decoded(read.username).replace("%", "%25")
        return uri(scheme, user, _decoded(read.host), _decoded(read.port))

    def _text(self, function: str, at: ctypes.c_void_p | int | None) -> str:
        get = self._function(function)
        get.restype = ctypes.c_char_p
        return _decoded(get(ctypes.c_void_p(at) if isinstance(at, int) else at)) if at else ""

    def _pointer(self, function: str, message: ctypes.c_void_p) -> int | None:
        get = self._function(function)
        get.restype = ctypes.c_void_p
        pointer = get(message)
        return pointer if isinstance(pointer, int) else None

    def _function(self, name: str) -> Callable[..., object]:
        return getattr(self._dll, name)


def _decoded(octets: bytes | None) -> str:
    return (octets or b"").decode("utf-8", "surrogateescape")
