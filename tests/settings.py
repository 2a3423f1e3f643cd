"""The project's own settings in a scratch data folder, on the database that the run names."""

import os
import tempfile
from pathlib import Path

SCRATCH = Path(tempfile.mkdtemp(prefix="syndicator-tests-"))
os.environ["SYNDICATOR_DATA"] = str(SCRATCH)
os.environ["SYNDICATOR_DATABASE_URL"] = os.environ.get("SYNDICATOR_TEST_DATABASE_URL", "")
os.environ["SYNDICATOR_BROKER_URL"] = os.environ.get(
    "SYNDICATOR_TEST_BROKER_URL", "doorbell://localhost"
)
os.environ["SYNDICATOR_ALLOW_PRIVATE_ADDRESSES"] = "yes"
# Most entries of tests stand on pages that do not exist.
os.environ["SYNDICATOR_PROBE_PERMALINKS"] = "no"

from config.settings import *  # noqa: E402, F403
from config.settings import DATABASES  # noqa: E402

if "sqlite" in DATABASES["default"]["ENGINE"]:
    # In a file, as in real life: threads and other processes see it.
    DATABASES["default"]["TEST"] = {"NAME": SCRATCH / "test.sqlite3"}
# Fast, because what is tested is not the hash.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
ALLOWED_HOSTS = ["testserver", "127.0.0.1", "localhost"]
