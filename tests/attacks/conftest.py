"""A server on loopback, which must not be reached."""

from tests.channels.conftest import server

__all__ = ["server"]
