"""Django's SQLite, for many threads that write: ``ENGINE = "syndicator.embedded.sqlite"``."""
