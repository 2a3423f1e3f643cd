"""What is stuck, since when, and what to do about it: told by `syndicator doctor` and the desk.

One module for each topic, each with small functions that only read and return findings.
`examination` runs them all, none for longer than it may take.
"""
