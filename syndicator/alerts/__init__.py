"""Telling people what needs them: on the desk, in the log, as a metric and by mail."""
