"""Mutations of the start line."""

from __future__ import annotations

from imsreg.errors import InputError
from imsreg.sip.draft import Draft
from imsreg.sip.start_line import RequestLine, StatusLine, parse_start_line


def change_start_line(draft: Draft, *, value: str) -> bytes:
    """value: another start line, without its line end."""
    draft.start_line = value
    return draft.to_bytes()


def change_method(draft: Draft, *, method: str) -> bytes:
    """method: another one in the request line; CSeq stays."""
    line = _request_line(draft, "change-method")
    return change_start_line(draft, value=" ".join(line._replace(method=method)))


def change_request_uri(draft: Draft, *, uri: str) -> bytes:
    """uri: another Request-URI, whatever its form."""
    line = _request_line(draft, "change-request-uri")
    return change_start_line(draft, value=" ".join(line._replace(uri=uri)))


def change_status(draft: Draft, *, status: int | str) -> bytes:
    """status: another status code, whatever its form; the reason phrase stays."""
    line = parse_start_line(draft.start_line)
    if not isinstance(line, StatusLine):
        raise InputError("mutation change-status", str(status), "the message is a request", "take a response")
    return change_start_line(draft, value=f"{line.version} {status} {line.reason}")


def change_version(draft: Draft, *, version: str) -> bytes:
    """version: another one than SIP/2.0, whatever its form."""
    line = parse_start_line(draft.start_line)
    if isinstance(line, RequestLine):
        return change_start_line(draft, value=" ".join(line._replace(version=version)))
    return change_start_line(draft, value=f"{version} {line.status} {line.reason}")


def _request_line(draft: Draft, mutation: str) -> RequestLine:
    line = parse_start_line(draft.start_line)
    if not isinstance(line, RequestLine):
        raise InputError(f"mutation {mutation}", "", "the message is a response", "take a request")
    return line
