"""``syndicator pictures`` as a person runs it, ended in the middle and begun again."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.installation import Installation
from tests.pictures.buckets import KEY_ID, REGION, SECRET, Bucket, serving

STORE = """
from syndicator.boot import boot
boot()
from syndicator.pictures.encoding import Encoded
from syndicator.pictures.storage import store
for number in range(6):
    store(Encoded(f"picture {number}".encode(), "image/png", 1, 1))
print("null")
"""


#: The words of several commands, one after another.
RUN = """
import json, sys
from syndicator.cli import main
for words in json.loads(sys.argv[1]):
    main(["pictures", *words], standalone_mode=False)
"""


@pytest.fixture
def bucket() -> Iterator[Bucket]:
    with serving() as running:
        yield running


def pictures(
    installation: Installation, bucket: Bucket, *commands: tuple[str, ...]
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", RUN, json.dumps(commands)],
        env={
            **installation.environment,
            "SYNDICATOR_PICTURE_STORE": "s3://paper/live",
            "SYNDICATOR_S3_ENDPOINT": bucket.url,
            "SYNDICATOR_S3_REGION": REGION,
            "SYNDICATOR_S3_KEY_ID": KEY_ID,
            "SYNDICATOR_S3_SECRET": SECRET,
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_pictures_move_to_the_bucket_and_back(tmp_path: Path, bucket: Bucket) -> None:
    installation = Installation(tmp_path / "data")
    installation.set_up()
    installation.script(STORE)
    bucket.fault = "500"
    said = pictures(installation, bucket, ("move",))
    assert said.returncode == 1
    assert "answered 500 InternalError" in said.stderr
    assert "Given up" in said.stderr
    bucket.fault = ""
    said = pictures(
        installation, bucket, ("move",), ("where",), ("move", "--to-database", "--delete")
    )
    assert said.returncode == 0, said.stderr
    assert said.stdout.splitlines() == [
        "Moved to s3://paper/live: 6 (0.0 MB).",
        "New pictures are kept in: s3://paper/live",
        "        6        0.0 MB  s3://paper/live",
        "Moved to database: 6 (0.0 MB).",
    ]
    assert sum(call.startswith("DELETE") for call in bucket.calls) == 6
    assert bucket.objects == {}
    assert SECRET not in said.stdout + said.stderr
