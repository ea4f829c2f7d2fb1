"""What happened: every message as it was on the wire, and the files that people read about it."""
