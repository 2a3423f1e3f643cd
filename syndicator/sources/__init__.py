"""Readers: bytes in, entries out. Pure functions, one format a file."""
