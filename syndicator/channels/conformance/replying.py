"""What every client must do when it answers one of the account's own posts."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from syndicator.channels.base import (
    ALSO,
    Capability,
    LookUp,
    LookUpStrength,
    Message,
    Receipt,
    Rejected,
)
from syndicator.channels.conformance.calls import Work, report, said_by
from syndicator.channels.conformance.looking_up import LookUpRules
from syndicator.channels.conformance.samples import story
from syndicator.channels.conformance.sending import SendingRules
from syndicator.channels.conformance.sending import faults_of as faults_of_sending

#: So many values of each answer are falsified at most: it is read as for any other post.
_VALUES = 24


class ReplyRules(SendingRules, LookUpRules):
    #: As `may_be_left_out`, of the posts among which a reply is looked for.
    replies_may_leave_out: ClassVar[tuple[str, ...]] = ()

    @property
    def _replies(self) -> bool:
        return Capability.REPLY in self.channel.capabilities

    def test_a_reply_is_out_once_and_answers_the_right_post(self) -> None:
        if not self._replies:
            return
        original, other = self.sent(self.message()), self.sent(self.message())
        before = len(self.behind.posts())
        receipt = self.sent(self.reply_to(original))
        made = len(self.behind.posts()) - before
        assert made == 1, f"One reply was sent, and there are {made} posts more."
        assert receipt.remote_id not in (original.remote_id, other.remote_id), (
            "The receipt of the reply names another post."
        )
        said = "\n".join(map(said_by, self.proxy.received))
        assert _last_part(original) in said, "Nothing that was sent names the post to answer."
        assert _last_part(other) not in said, "The reply names a post that it does not answer."

    def test_a_reply_is_looked_up_below_the_post_that_it_answers(self) -> None:
        """The post itself carries the same permalink, and so does an earlier reply."""
        if not (self._replies and self._can):
            return
        original = self.sent(self.message_about(1))
        first = self.reply_to(original, 1)
        self._must_be_absent(first, "The post to answer was taken for the reply.")
        receipt = self.sent(first)
        self._must_be_found(first, receipt)
        second = self.reply_to(receipt, 1)
        self._must_be_absent(second, "An earlier reply was taken for a later one.")
        self._must_be_found(second, self.sent(second))
        self._must_be_found(first, receipt)

    def test_a_post_that_is_gone_cannot_be_answered(self) -> None:
        if not self._replies or Capability.DELETE not in self.channel.capabilities:
            return
        original = self.sent(self.message())
        reply = self.reply_to(original)
        self._take_back(original.remote_id)
        before = len(self.behind.posts())
        self.proxy.begin()
        came = self.call(self.send(reply))
        assert isinstance(came.error, Rejected), (
            f"The post to answer is gone: raise Rejected. It {self.told(came)}"
        )
        assert len(self.behind.posts()) == before, "It answers a post that is gone."
        report(came.bad_manners())

    def test_a_deletion_takes_the_replies_that_it_names_along(self) -> None:
        if not self._replies or Capability.DELETE not in self.channel.capabilities:
            return
        original = self.sent(self.message())
        receipt = self.sent(self.reply_to(original))
        before = len(self.behind.posts())
        for _ in range(2):
            self._take_back(f"{original.remote_id}{ALSO}{receipt.remote_id}")
        gone = before - len(self.behind.posts())
        assert gone == 2, f"A post and its reply were to be deleted, and {gone} are gone."

    def test_an_answer_to_a_reply_that_says_nothing_is_unknown(self) -> None:
        if not self._replies:
            return
        original = self.sent(self.message())

        def prepare() -> tuple[Message, Work]:
            reply = self.reply_to(original)
            return reply, self.send(reply)

        spoilt = self.spoil(prepare, values=_VALUES, endless=False)
        report([line for one in spoilt for line in faults_of_sending(one)])

    def test_a_spoilt_look_up_proves_no_absence_of_a_reply(self) -> None:
        if not (self._replies and self._can):
            return
        original = self.sent(self.message_about(1))
        reply = self.reply_to(original, 1)
        receipt = self.sent(reply)
        broken = []
        for spoilt in self.spoil(lambda: (reply, self.look_up(reply)), values=None, endless=False):
            found = spoilt.came.value
            broken += [f"{spoilt}: {line}" for line in spoilt.came.bad_manners()]
            if not isinstance(found, LookUp):
                continue
            if spoilt.misdeed.left_out in self.replies_may_leave_out:
                continue
            if found.receipt is None and found.complete:
                broken.append(f"{spoilt}: it says “complete” without the reply, which is out")
            if found.receipt and found.receipt.remote_id != receipt.remote_id:
                broken.append(f"{spoilt}: it found {found.receipt.remote_id}, another post")
        report(broken)

    def reply_to(self, original: Receipt, number: int | None = None) -> Message:
        """A correction of *original*, with the permalink of the entry *number*."""
        number = next(self._numbers) if number is None else number
        told = replace(story(number), in_reply_to=original.remote_id)
        message = self.of_account.render(told)
        assert message is not None, "A plain reply was rendered as nothing."
        assert message.in_reply_to == original.remote_id, (
            "render left out what the message answers: Message.in_reply_to is Story.in_reply_to."
        )
        report([str(one) for one in self.of_account.problems(message)])
        # No platform takes the same text twice.
        said = f"Korrektur {next(self._numbers)}: {message.text}"
        return self.of_account.revise(message, said)

    def _must_be_found(self, reply: Message, receipt: Receipt) -> None:
        found = self._looked_up(reply)
        assert found.receipt, "The reply is out, and the look-up did not find it."
        assert found.receipt.remote_id == receipt.remote_id, (
            f"It was sent as {receipt.remote_id} and found as {found.receipt.remote_id}."
        )

    def _must_be_absent(self, reply: Message, otherwise: str) -> None:
        found = self._looked_up(reply)
        assert found.receipt is None, otherwise
        strong = self.channel.look_up_strength is LookUpStrength.STRONG
        assert found.complete or not strong, "All replies could be seen: say so by complete."

    def _looked_up(self, reply: Message) -> LookUp:
        self.proxy.begin()
        came = self.call(self.look_up(reply))
        assert isinstance(came.value, LookUp), f"The look-up {self.told(came)}"
        return came.value

    def _take_back(self, remote_id: str) -> None:
        came = self.call(
            lambda client, deadline: client.delete(
                remote_id, key="syndicator-delete", deadline=deadline
            )
        )
        assert came.receipt, f"The deletion {self.told(came)}"


def _last_part(receipt: Receipt) -> str:
    """What tells a post from others also where an address is put together anew."""
    return receipt.remote_id.rpartition("/")[2]
