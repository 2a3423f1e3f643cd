"""Mastodon, by its REST API; most of what else speaks it too."""
