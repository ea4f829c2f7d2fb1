"""imsreg judges IMS registration: what a UE or a CSCF does, requirement by requirement, and why not."""

__version__ = "0.1.0"
