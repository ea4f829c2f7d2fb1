"""The security mechanism agreement of RFC 3329 as TS 33.203 clause 7 uses it, and what it negotiates. Sans-IO."""
