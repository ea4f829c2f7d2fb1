"""Numbers and dates that have a range (RFC 3261 8.1.1.5, 20.17, 20.19, 20.22, 20.23)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from imsreg.sip.errors import show
from imsreg.sip.lint.params import element_parameters, elements
from imsreg.sip.lint.parts import Part
from imsreg.sip.lint.source import Source
from imsreg.sip.lint.violation import Violation
from imsreg.sip.message import Request

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def cseq(source: Source) -> Iterator[Violation]:
    """The sequence number, and the method beside that of the request."""
    for field in source.good("CSeq"):
        number = field.value.octets.split()[0]
        if _above(number, 2**31 - 1):
            yield source.find("cseq-range", field.value.at, f"{show(number)} is too large", "a number below 2147483648")
        method = field.value.octets.split()[1]
        message = source.message
        if isinstance(message, Request) and method.decode("ascii") != message.method:
            at = field.value.at + field.value.octets.rindex(method)
            what = f"the method is {show(method)} in a {show(message.method)} request"
            yield source.find("cseq-method", at, what, show(message.method)[1:-1])


def max_forwards(source: Source) -> Iterator[Violation]:
    """How many hops are left."""
    for field in source.good("Max-Forwards"):
        if _above(field.value.octets, 255):
            what = f"{show(field.value.octets)} is above 255"
            yield source.find("max-forwards-range", field.value.at, what, "a number from 0 to 255; 70 to begin with")


def seconds(source: Source) -> Iterator[Violation]:
    """Expires, Min-Expires, and expires of contacts."""
    right = "a number from 0 to 4294967295"
    for field in source.good("Expires", "Min-Expires"):
        if _above(field.value.octets, 2**32 - 1):
            yield source.find("seconds-range", field.value.at, f"{show(field.value.octets)} is too large", right)
    for field in source.good("Contact"):
        for element in elements(field):
            for parameter in element_parameters(field, element):
                value = parameter.value or Part(b"", 0)
                if parameter.name == "expires" and value.octets.isdigit() and _above(value.octets, 2**32 - 1):
                    yield source.find("contact-expires-range", value.at, f"{show(value.octets)} is too large", right)


def date(source: Source) -> Iterator[Violation]:
    """A date that the calendar has, on its day of the week."""
    for field in source.good("Date"):
        weekday, day, month, year, time, _ = field.value.text.replace(",", "").split()
        hour, minute, second = map(int, time.split(":"))
        try:
            # 60 is a leap second (RFC 1123 5.2.14 by way of RFC 822), which datetime has no room for.
            moment = datetime(int(year), 1 + _MONTHS.index(month), int(day), hour, minute, min(second, 59))
        except ValueError as error:
            yield source.find("date", field.value.at, f"there is no such date: {error}", "a date and time of day")
            continue
        if second > 60:
            yield source.find("date", field.value.at, "there is no such date: second must be in 0..60", "a time of day")
        if (right := _DAYS[moment.weekday()]) != weekday:
            yield source.find("weekday", field.value.at, f"the day is {weekday}, but the date is a {right}", right)


def _above(digits: bytes, limit: int) -> bool:
    """Whether a decimal number is larger; never converts more digits than the limit has."""
    significant = digits.lstrip(b"0")
    return len(significant) > len(str(limit)) or int(significant or b"0") > limit
