"""What a session has for a UE under test: the simulated core, the UE, how time passes, and what may have gone wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from imsreg.identity.subscribers import Subscriber
from imsreg.tester.dut import UeDut
from imsreg.tester.lacking import no_sim
from imsreg.tester.no_request import diagnose
from imsreg.tester.outcome import NotApplicable
from imsreg.tester.pace import Pace
from imsreg.tester.simulated_core import SimulatedCore
from imsreg.tester.subscribers import SubscriberPool
from imsreg.transcript.transcript import Transcript
from imsreg.verdict.profile import Profile


@dataclass(frozen=True)
class UeSide:
    """The simulated core and the UE that registers with it."""

    profile: Profile
    core: SimulatedCore
    ue: UeDut
    pace: Pace
    pool: SubscriberPool
    subscribers: Sequence[Subscriber]

    def subscriber(self, name: str | None) -> Subscriber:
        """Whose SIM the UE has in this test: an embedded UE takes any, a real one has one.

        Raises NotApplicable if it is not the one that is asked for.
        """
        if self.profile.dut.embedded is not None:
            chosen = self.pool.take(name)
            self.pool.give_back(chosen, clean=True)
            return chosen
        held = self.held
        if (why := no_sim(held.name, name)) is not None:
            raise NotApplicable(why)
        return held

    @property
    def held(self) -> Subscriber:
        """The subscriber in a real UE: the one that the profile names, else the first of its file."""
        named = self.profile.dut.subscriber
        return next((s for s in self.subscribers if named is None or s.name == named), self.subscribers[0])

    def diagnose(self, transcript: Transcript, subscriber: Subscriber, method: str, within: float) -> str:
        """Why a request may not have come, as an engineer would look for it."""
        return diagnose(transcript, self.core.watch(subscriber), method, within)
