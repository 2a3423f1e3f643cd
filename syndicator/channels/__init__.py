"""The doors to the platforms: no database, no settings, no queue in here."""
