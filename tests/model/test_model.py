"""The model test itself. `make model EXAMPLES=… SEED=…` runs as much of it as one likes."""

from __future__ import annotations

import pytest

from tests.model.platform import CHANNELS
from tests.model.running import EXAMPLES, SEED, run

#: What fits into the default tests.
FEW = 8


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("channel_name", CHANNELS)
def test_every_promise_is_kept(channel_name: str) -> None:
    run(channel_name, EXAMPLES or FEW, SEED)
