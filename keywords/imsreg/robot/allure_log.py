"""What Allure's Robot listener sees of the log: it takes every message for markup, also one that quotes the DUT.

One listener goes before Allure's and shows it text with markup escaped; one comes after it and gives Robot Framework
back what was logged. `robot --listener allure_robotframework:DIR` needs nothing else.
"""

from __future__ import annotations

from html import escape

from robot.api.interfaces import ListenerV3
from robot.result import Message

from imsreg.allure.listening import bridge
from imsreg.robot.logtext import OPENING

ATTACHED = "Verdicts, ladder and messages are attached to the test."


class BeforeAllure(ListenerV3):
    """Shows escaped text. `hidden` is the message under way, as it was."""

    ROBOT_LISTENER_PRIORITY = 1

    def __init__(self) -> None:
        self.hidden: str | None = None

    def log_message(self, message: Message) -> None:
        """A test's own HTML stays HTML; our view of a case, which is large, is attached instead."""
        self.hidden = None
        allure, text = bridge(), message.message
        if allure is None or text is None:
            return
        if not message.html:
            shown = escape(text, quote=False)
        elif text.startswith(OPENING):
            shown = ATTACHED
        else:
            return
        if shown != text:
            self.hidden, message.message = text, shown
            if message.level == "FAIL":
                # Allure shows it once more, as the text of the step's failure.
                allure.show_as(shown, text)


class AfterAllure(ListenerV3):
    """Gives back what `before` has hidden."""

    ROBOT_LISTENER_PRIORITY = -1

    def __init__(self, before: BeforeAllure) -> None:
        self._before = before

    def log_message(self, message: Message) -> None:
        """Robot Framework writes its own output after all listeners."""
        if self._before.hidden is not None:
            message.message, self._before.hidden = self._before.hidden, None


def around_allure() -> list[ListenerV3]:
    """Both listeners."""
    before = BeforeAllure()
    return [before, AfterAllure(before)]
