"""SIP: octets to messages and back, typed headers, framing, transactions, one element's endpoint. Sans-IO."""
