"""Names that the controller and its workers share. Nothing is imported here: the controller loads it at once."""

EVIDENCE = "imsreg evidence"
"""The property of a test's report that names the directory of its evidence."""

DUT_LOG = "imsreg DUT log"
"""The property that says what became of the profile's `collect` command."""
