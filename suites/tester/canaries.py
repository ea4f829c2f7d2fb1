"""Keys that must never show, in every form in which they might, and everything that a run has written."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from robotlog import log_strings

_BASE64 = re.compile(rb"[A-Za-z0-9+/]{64,}={0,2}")


def encodings(secret: bytes) -> Mapping[str, bytes]:
    """`secret` in every form in which somebody might print, store or log it."""
    hexadecimal = secret.hex()
    pairs = [f"{octet:02x}" for octet in secret]
    words = [secret[i : i + 4] for i in range(0, len(secret), 4)]
    forms: dict[str, bytes | str] = {
        "octets": secret,
        "hexadecimal": hexadecimal,
        "upper-case hexadecimal": hexadecimal.upper(),
        "spaced": " ".join(pairs),
        "upper-case and spaced": " ".join(pairs).upper(),
        "with colons": ":".join(pairs),
        "C array": ", ".join(f"0x{pair}" for pair in pairs),
        "escapes": "".join(f"\\x{pair}" for pair in pairs),
        "Python bytes": repr(secret)[2:-1],
        "decimal list": ", ".join(map(str, secret)),
        "decimal words": " ".join(map(str, secret)),
        "one number": str(int.from_bytes(secret)),
        "percent": "".join(f"%{pair}" for pair in pairs),
        "base32": base64.b32encode(secret).rstrip(b"="),
        "base64": base64.b64encode(secret).rstrip(b"="),
        "base64 for URLs": base64.urlsafe_b64encode(secret).rstrip(b"="),
        "base64 of hexadecimal": base64.b64encode(hexadecimal.encode())[:-4],
        "reversed": secret[::-1],
        "reversed hexadecimal": secret[::-1].hex(),
        "little-endian words": b"".join(word[::-1] for word in words).hex(),
        "words in groups": " ".join(word.hex() for word in words),
        "UTF-16": hexadecimal.encode("utf-16-le"),
    }
    return {name: form if isinstance(form, bytes) else form.encode() for name, form in forms.items()}


def written(directory: Path) -> bytes:
    """All files below `directory` one after the other, Robot Framework's strings inflated and base64 undone."""
    return b"\n".join(_texts(directory))


def _texts(directory: Path) -> Iterator[bytes]:
    for path in sorted(directory.rglob("*")):
        if not path.is_file():
            continue
        texts = [path.read_bytes()]
        if path.name in ("log.html", "report.html"):
            texts.append("\n".join(log_strings(path)).encode())
        for text in texts:
            yield text
            yield from (_decoded(match[0]) for match in _BASE64.finditer(text))


def _decoded(text: bytes) -> bytes:
    # Cut to whole groups: what only looks like base64 may have any length.
    return base64.b64decode(text.rstrip(b"=")[: len(text.rstrip(b"=")) // 4 * 4])


def found(secrets: Mapping[str, bytes], haystack: bytes) -> list[str]:
    """What shows of `secrets` in `haystack`, and how."""
    return [
        f"{name} as {form}"
        for name, secret in secrets.items()
        for form, octets in encodings(secret).items()
        if octets in haystack
    ]
