"""Keywords that register a simulated UE with a CSCF and judge what came over the wire, clause by clause."""

from imsreg.robot.ignition import ignite

# Before the rest is imported, which takes as long as the embedded core takes to listen.
ignite()

from ImsRegLibrary.library import ImsRegLibrary  # noqa: E402

__all__ = ["ImsRegLibrary"]
