"""What every client must do when it edits and deletes."""

from __future__ import annotations

from collections.abc import Callable

from syndicator.channels.base import Capability, ChannelError, Message, Receipt, Unknown
from syndicator.channels.conformance.calls import Calls, Spoilt, Work, followed_redirect, report

_CORRECTED = "Berichtigt: "


class ChangingRules(Calls):
    def test_an_edit_changes_the_post_and_makes_none(self) -> None:
        if Capability.EDIT not in self.channel.capabilities:
            return
        message = self.message()
        receipt = self.sent(message)
        before = list(self.behind.posts())
        for _ in range(2):
            came = self.call(self._edit(receipt, message))
            assert came.receipt, f"The edit {self.told(came)}"
            assert came.receipt.remote_id == receipt.remote_id, "The edit named another post."
        after = list(self.behind.posts())
        assert len(after) == len(before), f"An edit made {len(after) - len(before)} posts more."
        assert after != before, "The post says what it said before the edit."

    def test_a_deletion_deletes_and_may_be_done_again(self) -> None:
        if Capability.DELETE not in self.channel.capabilities:
            return
        kept = self.sent(self.message())
        receipt = self.sent(self.message())
        before = len(self.behind.posts())
        for _ in range(2):
            came = self.call(self._delete(receipt))
            assert came.receipt, (
                f"A post that is gone counts as deleted, but the call {self.told(came)}"
            )
        gone = before - len(self.behind.posts())
        assert gone == 1, f"One post was to be deleted, and {gone} are gone."
        assert self.call(self._delete(kept)).receipt, "The other post can no longer be deleted."

    def test_a_post_that_is_gone_cannot_be_edited(self) -> None:
        if not {Capability.EDIT, Capability.DELETE} <= self.channel.capabilities:
            return
        message = self.message()
        receipt = self.sent(message)
        self.call(self._delete(receipt))
        before = len(self.behind.posts())
        came = self.call(self._edit(receipt, message))
        assert isinstance(came.error, ChannelError), f"The post is gone, and the edit {came}."
        assert len(self.behind.posts()) == before, "Editing a post that is gone made a new one."

    def test_a_spoilt_edit_is_unknown(self) -> None:
        if Capability.EDIT in self.channel.capabilities:
            self._check_spoilt(self._edit)

    def test_a_spoilt_deletion_is_unknown(self) -> None:
        if Capability.DELETE in self.channel.capabilities:
            self._check_spoilt(lambda receipt, _: self._delete(receipt))

    def _check_spoilt(self, act: Callable[[Receipt, Message], Work]) -> None:
        def prepare() -> tuple[Message, Work]:
            message = self.message()
            return message, act(self.sent(message), message)

        report([line for spoilt in self.spoil(prepare) for line in _faults_of(spoilt)])

    def _edit(self, receipt: Receipt, message: Message) -> Work:
        corrected = self.of_account.revise(message, _CORRECTED + message.text)
        return lambda client, deadline: client.edit(
            receipt.remote_id, corrected, key="syndicator-edit", deadline=deadline
        )

    def _delete(self, receipt: Receipt) -> Work:
        return lambda client, deadline: client.delete(
            receipt.remote_id, key="syndicator-delete", deadline=deadline
        )


def _faults_of(spoilt: Spoilt) -> list[str]:
    error = spoilt.came.error
    broken = spoilt.came.bad_manners()
    if spoilt.made > 0:
        broken.append("a new post is out")
    if spoilt.came.receipt and not spoilt.changed:
        broken.append("nothing was changed, and it says done")
    if spoilt.changed and isinstance(error, ChannelError) and not isinstance(error, Unknown):
        broken.append("it was done, so the only true word is Unknown")
    if followed_redirect(spoilt.received):
        broken.append("it followed the redirect")
    return [f"{spoilt}: {line}" for line in broken]
