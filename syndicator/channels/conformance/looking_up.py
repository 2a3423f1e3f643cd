"""What every client must do when it looks a post up."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import ClassVar

from syndicator.channels.base import LookUp, LookUpStrength, Message
from syndicator.channels.conformance.calls import (
    LIKE_THE_FIRST,
    Calls,
    Work,
    followed_redirect,
    report,
)


class LookUpRules(Calls):
    #: Values, by their path (``data.0.message``), that the platform leaves out of posts that have
    #: none. Of all others, that they are missing must not be taken for “another post”.
    may_be_left_out: ClassVar[Collection[str]] = ()

    #: How many posts to put before one that is looked for: more than the platform lists in a page.
    more_than_a_page: ClassVar[int] = 101

    @property
    def _can(self) -> bool:
        return self.channel.look_up_strength is not LookUpStrength.NONE

    def test_what_is_out_is_found(self) -> None:
        if not self._can:
            return
        message = self.message()
        receipt = self.sent(message)
        self.sent(self.message())
        self.proxy.begin()
        came = self.call(self.look_up(message))
        assert isinstance(came.value, LookUp), f"The look-up {self.told(came)}"
        assert came.value.receipt, "The post is out, and the look-up did not find it."
        assert came.value.receipt.remote_id == receipt.remote_id, (
            f"It was sent as {receipt.remote_id} and found as {came.value.receipt.remote_id}."
        )

    def test_what_is_not_out_is_absent(self) -> None:
        if not self._can:
            return
        sought = self.message()
        self.sent(self.message_about(LIKE_THE_FIRST))
        before = list(self.behind.posts())
        self.proxy.begin()
        came = self.call(self.look_up(sought))
        assert isinstance(came.value, LookUp), f"The look-up {self.told(came)}"
        assert came.value.receipt is None, "Another post was taken for the one looked for."
        strong = self.channel.look_up_strength is LookUpStrength.STRONG
        assert came.value.complete or not strong, "All posts could be seen: say so by complete."
        assert list(self.behind.posts()) == before, "Looking changed something."

    def test_a_post_behind_many_is_not_called_absent(self) -> None:
        """A platform lists its posts in pages: the first one is not all."""
        if not self._can:
            return
        message = self.message()
        receipt = self.sent(message)
        for _ in range(self.more_than_a_page):
            self.sent(replace(self.message(), pictures=()))
        self.proxy.begin()
        came = self.call(self.look_up(message))
        found = came.value
        assert isinstance(found, LookUp), f"The look-up {self.told(came)}"
        if found.receipt:
            assert found.receipt.remote_id == receipt.remote_id, "Another post was taken for it."
        assert found.receipt or not found.complete, (
            f"The post is out, {self.more_than_a_page} newer ones before it, and the look-up says "
            f"“complete” without it.\n{self.told(came)}"
        )

    def test_a_spoilt_look_up_proves_no_absence(self) -> None:
        """A post that is out must never be called absent: it would be sent again."""
        if not self._can:
            return
        message = self.message()
        receipt = self.sent(message)

        def prepare() -> tuple[Message, Work]:
            return message, self.look_up(message)

        broken = []
        for spoilt in self.spoil(prepare, values=None):
            found = spoilt.came.value
            broken += [f"{spoilt}: {line}" for line in spoilt.came.bad_manners()]
            if not isinstance(found, LookUp) or spoilt.misdeed.left_out in self.may_be_left_out:
                continue
            if found.receipt is None and found.complete:
                broken.append(f"{spoilt}: it says “complete” without the post, which is out")
            if found.receipt and found.receipt.remote_id != receipt.remote_id:
                broken.append(f"{spoilt}: it found {found.receipt.remote_id}, another post")
            if followed_redirect(spoilt.received):
                broken.append(f"{spoilt}: it followed the redirect")
        report(broken)

    def look_up(self, message: Message) -> Work:
        key = f"syndicator-{message.fingerprint()[:32]}"
        since = datetime.now(UTC) - timedelta(hours=1)
        return lambda client, deadline: client.look_up(
            message, key=key, since=since, deadline=deadline
        )
