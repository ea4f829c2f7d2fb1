"""Messages that lie in files."""

from __future__ import annotations

from imsreg.errors import InputError
from imsreg.paths import data
from imsreg.sip.draft import Draft
from imsreg.sip.message import MessageError, parse


def load_message(name: str) -> Draft:
    """The message in vectors/`name`. Raises InputError if there is none or it is no SIP message."""
    path = data("vectors") / name
    try:
        return Draft.of(parse(path.read_bytes()))
    except OSError as error:
        raise InputError(path, "", f"cannot be read: {error.strerror}", "the path counts from vectors/") from None
    except MessageError as error:
        raise InputError(path, "", str(error), "the file holds one SIP message with CRLF line ends") from None
