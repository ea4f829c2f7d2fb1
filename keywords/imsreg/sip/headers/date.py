"""Date (RFC 3261 20.17)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Self

from imsreg.sip.errors import SyntaxFault
from imsreg.sip.headers.base import Header

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_DATE = re.compile(
    rf"[ \t]*(?:{'|'.join(_DAYS)}),[ \t]*(?P<day>[0-9]{{1,2}})[ \t]+(?P<month>{'|'.join(_MONTHS)})[ \t]+"
    r"(?P<year>[0-9]{4})[ \t]+(?P<hour>[0-9]{2}):(?P<minute>[0-9]{2}):(?P<second>[0-9]{2})[ \t]+GMT[ \t]*",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Date(Header):
    """When the message was first sent, in UTC. The day of the week is not checked against the date."""

    NAME = "Date"

    moment: datetime

    @classmethod
    def _read(cls, text: str) -> Self:
        match = _DATE.fullmatch(text)
        if match is None:
            raise SyntaxFault("a Date is written as in Sat, 13 Nov 2010 23:29:00 GMT")
        year, hour, minute, second = (int(match[name]) for name in ("year", "hour", "minute", "second"))
        try:
            minutes = datetime(year, _month(match["month"]), int(match["day"]), hour, minute, tzinfo=UTC)
            # A leap second has the number 60.
            moment = minutes + timedelta(seconds=second)
        except (ValueError, OverflowError):
            raise SyntaxFault("there is no such day or time") from None
        if second > 60:
            raise SyntaxFault("there is no such day or time")
        return cls(moment)

    def __str__(self) -> str:
        """Canonical text."""
        at = self.moment.astimezone(UTC)
        return f"{_DAYS[at.weekday()]}, {at:%d} {_MONTHS[at.month - 1]} {at.year:04} {at:%H:%M:%S} GMT"


def _month(name: str) -> int:
    return _MONTHS.index(name.capitalize()) + 1
