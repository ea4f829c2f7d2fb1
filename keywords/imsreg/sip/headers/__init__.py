"""Typed headers, one header or family of headers a file."""
