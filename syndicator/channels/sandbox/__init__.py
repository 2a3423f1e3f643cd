"""What the sandbox platforms share: servers that behave like a platform, on this machine only.

Nothing in here knows a platform; each channel brings its own in its `sandbox` module, and
`syndicator.channels.sandboxes` puts them together.
"""
