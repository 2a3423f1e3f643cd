"""Celery tasks, one file per queue. Each is a name, limits, a primary key and one call."""
