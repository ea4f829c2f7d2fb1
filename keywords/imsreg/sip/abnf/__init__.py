"""ABNF as data: texts out of the RFCs, read (RFC 5234, RFC 7405) and turned into a recogniser."""
