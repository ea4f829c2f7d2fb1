"""Authentication and key agreement: algorithms, vectors, sequence numbers, and the HTTP digest over them."""
