"""The return path of each mail: signed, short enough, and worth nothing to a forger."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndicator.channels.base import Unauthorised
from syndicator.channels.email.addresses import is_address
from syndicator.newsletter.return_path import (
    LASTS,
    ForgedReturnPath,
    recipient_of,
    return_address,
    return_path,
)

SENT = datetime(2026, 11, 17, 23, 59, tzinfo=UTC)
LONGEST = "bounces-news-desk-1x@paper.example"
RECIPIENTS = st.integers(1, 2**63 - 1)


@given(recipient=RECIPIENTS, later=st.timedeltas(timedelta(0), LASTS))
def test_a_return_path_names_its_recipient(recipient: int, later: timedelta) -> None:
    path = return_path(recipient, LONGEST, on=SENT)

    assert is_address(path)
    assert recipient_of(path, now=SENT + later) == recipient
    assert recipient_of(path.upper(), now=SENT + later) == recipient
    assert path == return_path(recipient, return_address({"return_address": LONGEST}), on=SENT)


@given(recipient=RECIPIENTS, at=st.integers(0, 63), put=st.sampled_from("0az7.+-@é"))
def test_whatever_is_altered_in_it_makes_it_worthless(recipient: int, at: int, put: str) -> None:
    local = return_path(recipient, LONGEST, on=SENT).partition("@")[0]
    altered = local[:at] + put + local[at + 1 :]

    if altered[altered.find("+") :] != local[local.find("+") :]:
        with pytest.raises(ForgedReturnPath):
            recipient_of(f"{altered}@paper.example", now=SENT)


def test_swapping_the_recipient_of_two_return_paths_makes_both_worthless() -> None:
    one, other = (return_path(n, "b@paper.example", on=SENT) for n in (7, 8))

    with pytest.raises(ForgedReturnPath):
        recipient_of(one.replace("b+7-", "b+8-"), now=SENT)
    assert recipient_of(other, now=SENT) == 8


@pytest.mark.parametrize("now", [SENT + LASTS + timedelta(days=1), SENT - timedelta(days=1)])
def test_it_is_worth_nothing_when_old_nor_before_it_was_made(now: datetime) -> None:
    with pytest.raises(ForgedReturnPath):
        recipient_of(return_path(7, "b@paper.example", on=SENT), now=now)


@pytest.mark.parametrize("path", ["", "@", "b@paper.example", "b+@paper.example", "b+7-1.@x", "+"])
def test_an_address_of_another_shape_is_not_one(path: str) -> None:
    with pytest.raises(ForgedReturnPath):
        recipient_of(path, now=SENT)


def test_without_a_return_address_bounces_go_to_the_sender() -> None:
    assert return_address({}) == return_address({"return_address": " "}) == ""


@pytest.mark.parametrize("address", ["bounces", "b+x@paper.example", f"{'b' * 21}@p.example"])
def test_a_return_address_that_leaves_no_room_is_refused(address: str) -> None:
    with pytest.raises(Unauthorised):
        return_address({"return_address": address})
