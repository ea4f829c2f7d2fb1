"""Mutations of the value of a header field, and of the values of a list."""

from __future__ import annotations

import re

from imsreg.errors import InputError
from imsreg.sip.draft import Draft
from imsreg.sip.mutations.common import integer, octets_of, place_of, put
from imsreg.sip.names import LISTS, canonical, key_of
from imsreg.sip.split import split_list

_FOLDS = {"space": "\r\n ", "tab": "\r\n\t"}
# A character of the user that is not reserved means the same when it is escaped (RFC 3261 19.1.4).
_USER = re.compile(
    r"(?P<before>\bsips?:(?:%[0-9A-Fa-f]{2}|[^@>\s%])*?)(?P<user>[A-Za-z0-9\-_.!~*'()])(?=[^@>\s]*@)", re.IGNORECASE
)


def change_value(draft: Draft, *, header: str, value: object) -> bytes:
    """header: the header whose first field changes; value: its new value. Further fields stay."""
    return put(draft, place_of(draft, "change-value", header), value)


def drop_value(draft: Draft, *, header: str, index: int | str = 0) -> bytes:
    """header: the header whose first field loses one value of its list; index: which, 0 is the first."""
    place, values, chosen = _chosen(draft, "drop-value", header, index)
    del values[chosen]
    return put(draft, place, ", ".join(values))


def duplicate_value(draft: Draft, *, header: str, index: int | str = 0) -> bytes:
    """header: the header in whose first field one value of the list comes twice; index: which, 0 is the first."""
    place, values, chosen = _chosen(draft, "duplicate-value", header, index)
    values.insert(chosen, values[chosen])
    return put(draft, place, ", ".join(values))


def reverse_values(draft: Draft, *, header: str) -> bytes:
    """header: the header whose values come in the reverse order, over all its fields."""
    place_of(draft, "reverse-values", header)
    reverse = list(reversed(draft.values(header)))
    places = [at for at, field in enumerate(draft.fields) if field.key == key_of(header)]
    counts = [len(_values(draft, place)) for place in places]
    for place, count in zip(places, counts, strict=True):
        put(draft, place, ", ".join(reverse[:count]))
        del reverse[:count]
    return draft.to_bytes()


def recase_value(draft: Draft, *, header: str) -> bytes:
    """header: the header in whose first field all letters change case, also where case counts."""
    place = place_of(draft, "recase-value", header)
    return put(draft, place, draft.fields[place].value.swapcase())


def fold_header(draft: Draft, *, header: str, blank: str = "space") -> bytes:
    """header: the header whose first field is folded at each of its blanks, or after its colon; blank: space or tab."""
    fold = _FOLDS.get(blank)
    if fold is None:
        raise InputError("mutation fold-header", "blank", f"{blank!r} begins no line", "choose space or tab")
    place = place_of(draft, "fold-header", header)
    value = draft.fields[place].value
    return put(draft, place, fold.join(value.split(" ")) if " " in value else f"{fold}{value}")


def fold_headers(draft: Draft) -> bytes:
    """No arguments: every field is folded over several lines, with spaces and tabs (RFC 3261 7.3.1)."""
    return draft.fold().to_bytes()


def recode_value(draft: Draft, *, header: str, encoding: str) -> bytes:
    """header: the header whose first field is written in another encoding; encoding: utf-16-be, latin-1, ..."""
    place = place_of(draft, "recode-value", header)
    try:
        return put(draft, place, draft.fields[place].value.encode(encoding))
    except (LookupError, UnicodeError) as error:
        raise InputError("mutation recode-value", "encoding", str(error), "choose one that can write it") from None


def escape_user(draft: Draft, *, header: str) -> bytes:
    """header: the header in whose first SIP URI one character of the user is escaped, which means the same."""
    place = place_of(draft, "escape-user", header)

    def escaped(found: re.Match[str]) -> str:
        return f"{found['before']}%{ord(found['user']):02x}"

    return put(draft, place, _USER.sub(escaped, draft.fields[place].value, count=1))


def change_body(draft: Draft, *, body: bytes | str) -> bytes:
    """body: another body; a Content-Length that was right follows it."""
    draft.body = octets_of(body)
    return draft.to_bytes()


def change_length(draft: Draft, *, by: int | str) -> bytes:
    """by: what is added to the Content-Length, which then lies."""
    place = place_of(draft, "change-length", "Content-Length")
    return put(draft, place, len(draft.body) + integer("change-length", "by", by))


def _values(draft: Draft, place: int) -> list[str]:
    field = draft.fields[place]
    return list(split_list(field.value)) if canonical(field.name) in LISTS else [field.value]


def _chosen(draft: Draft, mutation: str, header: str, index: int | str) -> tuple[int, list[str], int]:
    place = place_of(draft, mutation, header)
    values, chosen = _values(draft, place), integer(mutation, "index", index)
    if not -len(values) <= chosen < len(values):
        problem = f"{index} is no place in a list of {len(values)}"
        raise InputError(f"mutation {mutation}", "index", problem, "0 is the first, -1 the last")
    return place, values, chosen % len(values)
