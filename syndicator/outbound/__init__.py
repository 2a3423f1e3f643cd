"""Calls to the outside world: bounded in time and size, never to a private address unasked."""
