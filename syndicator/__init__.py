"""Syndicator: a newsroom's live blog, taken out into the world."""

__version__ = "0.1.0"
