"""Brings up Django and Celery for a process that starts here and not in ``config``.

The package does not import its own configuration: it is named, as Django's own settings are.
"""

from __future__ import annotations

import os
from importlib import import_module
from pathlib import Path

import celery
import django


def use_data_folder(folder: Path) -> None:
    """Let this process and its children keep their data in *folder*."""
    os.environ["SYNDICATOR_DATA"] = str(folder.absolute())


def boot() -> celery.Celery:
    """Set Django and Celery up by the environment; the Celery application."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    application: celery.Celery = import_module("config.celery").app
    application.set_current()
    application.set_default()
    django.setup()
    return application
