"""The sample live blog, and how it is set up and played against the sandbox platforms."""
