"""Digests: several entries of a live blog in one mail, at the pace each reader chose."""
