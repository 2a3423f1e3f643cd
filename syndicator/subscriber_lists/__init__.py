"""Whole lists of subscribers, from a file and into one."""
