"""Links between sans-IO nodes: the only sockets of imsreg, and the in-memory link that stands in for them."""
