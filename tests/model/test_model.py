"""The model test itself. `make model EXAMPLES=… SEED=…` runs as much of it as one likes."""

from __future__ import annotations

import pytest

from tests.model.platform import CHANNELS
from tests.model.running import EXAMPLES, SEED, run

#: The runs are split, so that several processes can share them.
SHARES = 2


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("share", range(SHARES))
@pytest.mark.parametrize("channel_name", CHANNELS)
def test_every_promise_is_kept(channel_name: str, share: int) -> None:
    run(channel_name, max(1, EXAMPLES // (len(CHANNELS) * SHARES)), SEED * SHARES + share)
