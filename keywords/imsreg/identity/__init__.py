"""Who registers: identities derived from an IMSI, and the subscribers of a subscriber file."""
