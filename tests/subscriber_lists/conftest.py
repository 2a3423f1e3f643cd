from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.rings import Rung, listening


@pytest.fixture
def rung() -> Iterator[Rung]:
    with listening("subscribers") as collect:
        yield collect
