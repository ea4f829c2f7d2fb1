"""What is wrong with one message by grammar and RFC 3261: strict where the parser is tolerant."""
