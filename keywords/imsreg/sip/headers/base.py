"""What all typed headers share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import replace
from typing import Any, ClassVar, Self, cast

from imsreg.sip.errors import HeaderError, SyntaxFault
from imsreg.sip.params import Params


class Header(ABC):
    """The value of one header field, or one element of its comma list, read by its grammar; frozen.

    `str()` gives canonical text. The parsers are generous: what they pass over is for lint to find.
    """

    NAME: ClassVar[str]
    """The canonical long name of the header."""
    LIST: ClassVar[bool] = False
    """Whether a field may hold several values, separated by commas."""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Reads one value. Raises HeaderError."""
        try:
            return cls._read(text)
        except SyntaxFault as fault:
            raise HeaderError(cls.NAME, text, fault.why, fault.column) from None

    @classmethod
    @abstractmethod
    def _read(cls, text: str) -> Self:
        """Reads one value. Raises SyntaxFault."""

    @abstractmethod
    def __str__(self) -> str: ...


class ParamHeader(Header):
    """A header whose value is followed by `;name=value` parameters."""

    params: Params

    def with_param(self, name: str, value: str | int | None = None, *, quoted: bool = False) -> Self:
        """A copy with one parameter set: in its place if it is there, else at the end."""
        return self._with(self.params.with_param(name, value, quoted=quoted))

    def without(self, *names: str) -> Self:
        """A copy without these parameters."""
        return self._with(self.params.without(*names))

    def _with(self, params: Params) -> Self:
        # Every header of this kind is a dataclass; `replace` cannot be told so here.
        return cast("Self", replace(cast("Any", self), params=params))
