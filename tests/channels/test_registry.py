from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from syndicator.channels import registry
from syndicator.channels.registry import UnknownChannel, channel, channels


@pytest.fixture
def plug_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An installed distribution with three channels, none of which works."""
    folder = tmp_path / "half_done-1.0.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: half-done\nVersion: 1.0\n")
    (folder / "entry_points.txt").write_text(
        f"[{registry.GROUP}]\n"
        "missing = half_done:Missing\n"
        "other-name = half_done:OtherName\n"
        "no-channel = half_done:NoChannel\n"
    )
    (tmp_path / "half_done.py").write_text(
        "from syndicator.channels.x.channel import XChannel as OtherName\n"
        "class NoChannel: name = 'no-channel'\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    channels.cache_clear()
    yield tmp_path
    channels.cache_clear()


def test_channels_are_found_by_their_entry_points() -> None:
    assert channel("x") is channels()["x"]
    assert channel("x").label == "X"
    assert {"x", "facebook"} <= set(channels())


def test_what_is_not_installed_is_told_with_what_is() -> None:
    with pytest.raises(UnknownChannel, match=r"No channel called “pigeon”.*facebook.*x"):
        channel("pigeon")


@pytest.mark.parametrize("name", ["missing", "other-name", "no-channel"])
def test_a_broken_plug_in_is_named_and_takes_no_other_down(plug_in: Path, name: str) -> None:
    assert {"x", "facebook"} <= set(channels())
    assert name not in channels()
    with pytest.raises(UnknownChannel, match=rf"“{name}” of half-done"):
        channel(name)
