"""Figures of the whole system on both backends, each beside a yardstick of the same run.

``make bench``, or ``python -m tests.bench --help``. Nothing here judges a time; what is lost, sent
twice, out of order or failed is an error.
"""
