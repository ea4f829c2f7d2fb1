"""The bridge into Allure's own hooks, through which results and attachments of both runners go to their directory."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Generator, Iterable, Mapping
from contextlib import suppress
from typing import Any
from uuid import uuid4

from allure_commons import hookimpl, plugin_manager
from allure_commons.model2 import Attachment, ExecutableItem, Label, Link, Parameter, TestResult, TestResultContainer
from allure_commons.types import LinkType

from imsreg.allure.directory import files
from imsreg.allure.dressing import Dressing

_NAME = "imsreg"


class Bridge:
    """Dresses results on their way to Allure's directory, and lets no text of a DUT abort the run.

    Allure's writers fail at a lone surrogate, which with pytest ends the whole run.
    """

    def __init__(self) -> None:
        self._by_name: defaultdict[str, deque[Dressing]] = defaultdict(deque)
        self._next: Dressing | None = None
        self._originals: dict[str, str] = {}
        self._described = False

    def dress(self, dressing: Dressing, full_name: str | None = None) -> None:
        """Dress the result with this full name when it comes; None: the next one, as pytest reports test by test."""
        if full_name is None:
            self._next = dressing
        else:
            self._by_name[full_name].append(dressing)

    def describe(self, facts: Mapping[str, str]) -> None:
        """Write categories and environment into the results directory, once."""
        if self._described:
            return
        self._described = True
        for name, text in files(facts).items():
            # Parallel workers write the same files: whose is replaced under its hands finds it gone, and the other's
            # in place.
            with suppress(FileNotFoundError):
                plugin_manager.hook.report_attached_data(body=text, file_name=name)

    def show_as(self, shown: str, original: str) -> None:
        """Where a failure says `shown`, let the result say `original`."""
        self._originals[shown] = original

    def close(self) -> None:
        """Leave Allure alone."""
        plugin_manager.unregister(self)

    @classmethod
    def found(cls) -> Bridge | None:
        """The bridge, put up at the first call; None if nobody writes results."""
        bridge: Bridge | None = plugin_manager.get_plugin(_NAME)
        if not any(implementation.plugin is not bridge for implementation in _writers()):
            return None
        if bridge is None:
            bridge = cls()
            plugin_manager.register(bridge, _NAME)
        return bridge

    @hookimpl(tryfirst=True)
    def report_result(self, result: TestResult) -> None:
        """A result is about to be written."""
        waiting = self._by_name.get(result.fullName)
        dressing, self._next = waiting.popleft() if waiting else self._next, None
        if dressing is not None:
            _put_on(dressing, result)
        self._mend(result)

    @hookimpl(tryfirst=True)
    def report_container(self, container: TestResultContainer) -> None:
        """Set-ups and teardowns are about to be written."""
        for fixture in (*container.befores, *container.afters):
            self._mend(fixture)

    @hookimpl(wrapper=True)
    def report_attached_data(self, body: str | bytes, file_name: str) -> Generator[None, Any, Any]:
        """Write an attachment that Allure cannot encode with escapes in place of what it cannot."""
        try:
            return (yield)
        except UnicodeEncodeError:
            assert isinstance(body, str)
            octets = body.encode("utf-8", "backslashreplace")
            return plugin_manager.hook.report_attached_data(body=octets, file_name=file_name)

    def _mend(self, item: ExecutableItem) -> None:
        """Give back what failures said, and escape lone surrogates, in an item and all its steps."""
        item.name = _writable(item.name)
        item.description = _writable(item.description)
        if (details := item.statusDetails) is not None:
            details.message = _writable(self._originals.get(details.message, details.message))
            details.trace = _writable(details.trace)
        for parameter in item.parameters:
            parameter.value = _writable(parameter.value)
        for step in item.steps:
            self._mend(step)


def _writers() -> Iterable[Any]:
    found: Iterable[Any] = plugin_manager.hook.report_result.get_hookimpls()
    return found


def _put_on(dressing: Dressing, result: TestResult) -> None:
    names = {name for name, _ in dressing.labels}
    # A severity that the test states itself counts.
    own = {label.name for label in result.labels} & names & {"severity"}
    result.labels.extend(Label(name=name, value=value) for name, value in dressing.labels if name not in own)
    result.links.extend(Link(type=LinkType.TEST_CASE, url=url, name=name) for name, url in dressing.links)
    # Excluded: the same test of another build is the same test, with a history.
    result.parameters.extend(Parameter(name=name, value=value, excluded=True) for name, value in dressing.parameters)
    for attached in dressing.attachments:
        source = f"{uuid4()}-attachment.{attached.extension}"
        if isinstance(attached.content, bytes):
            plugin_manager.hook.report_attached_data(body=attached.content, file_name=source)
        else:
            plugin_manager.hook.report_attached_file(source=str(attached.content), file_name=source)
        result.attachments.append(Attachment(name=attached.name, source=source, type=attached.media_type))
    if dressing.message and (details := result.statusDetails) is not None:
        details.message = dressing.message
        # The runner repeats the message where a traceback would be.
        if dressing.message in (details.trace or ""):
            details.trace = None


def _writable(text: Any) -> Any:
    return text.encode("utf-8", "backslashreplace").decode("utf-8") if isinstance(text, str) else text
