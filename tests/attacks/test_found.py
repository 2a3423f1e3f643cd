"""What fuzzing found once is read or refused ever after."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.attacks.invariants import NOWHERE, ON_A_PAGE, READERS, read

FOUND = sorted((Path(__file__).parent / "found").glob("*/*"))


@pytest.mark.parametrize("path", FOUND, ids=lambda path: f"{path.parent.name}-{path.name[:14]}")
def test_what_was_found_is_found_no_more(path: Path) -> None:
    for context in (NOWHERE, ON_A_PAGE):
        read(READERS[path.parent.name], path.read_bytes(), context)
