"""A client that does right keeps every rule; one that does a thing wrong breaks the rule for it."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, ClassVar
from uuid import uuid4

import pytest
import requests

from syndicator.channels.base import (
    ALSO,
    Account,
    AccountCheck,
    Capability,
    Channel,
    ChannelError,
    Client,
    LookUp,
    LookUpStrength,
    Message,
    Receipt,
    Rejected,
    Setting,
    TryLater,
    Unknown,
)
from syndicator.channels.conformance import Answer, ChannelConformance, Platform, Request
from syndicator.content import Picture, Story
from syndicator.outbound.answers import json_object
from syndicator.outbound.deadline import Deadline
from syndicator.wording import Wording
from tests.channels.conformance.board import SAYS, TOKEN, Board, BoardChannel, BoardClient


def rules_for(channel: Channel) -> ChannelConformance:
    class Rules(ChannelConformance):
        __test__ = False
        settings: ClassVar = {"token": TOKEN}

        def platform(self) -> Platform:
            return Board()

    Rules.channel = channel  # type: ignore[misc]
    return Rules()


def rule_names() -> list[str]:
    return sorted(name for name in dir(ChannelConformance) if name.startswith("test_"))


def keep(channel: Channel, rule: str) -> None:
    """Hold *channel* against *rule* as a test runner would."""
    rules = rules_for(channel)
    rules.setup_method()
    try:
        getattr(rules, rule)()
    finally:
        rules.teardown_method()


@pytest.mark.parametrize("rule", rule_names())
def test_doing_right_keeps_every_rule(rule: str) -> None:
    keep(BoardChannel(), rule)


# --- Clients that do one thing wrong -------------------------------------------


class SaysSentWithoutName(BoardClient):
    def receipt(self, answer: requests.Response, sought: str | None = None) -> Receipt:
        return Receipt(str(json_object(answer).get("id", "?")))


class BelievesAnyName(BoardClient):
    def receipt(self, answer: requests.Response, sought: str | None = None) -> Receipt:
        found = json_object(answer).get("id")
        return Receipt(found) if found else super().receipt(answer, sought)


class TriesLaterOnServerErrors(BoardClient):
    def error(self, answer: requests.Response) -> ChannelError:
        return TryLater(SAYS) if answer.status_code >= 500 else super().error(answer)


class BelievesProxies(BoardClient):
    def error(self, answer: requests.Response) -> ChannelError:
        return Rejected(SAYS) if answer.status_code == 400 else super().error(answer)


class SendsAgain(BoardClient):
    def call(
        self, deadline: timedelta, method: str, path: str, said: Any = None
    ) -> requests.Response:
        answer = super().call(deadline, method, path, said)
        if answer.status_code < 500:
            return answer
        return super().call(deadline, method, path, said)


class FollowsRedirects(BoardClient):
    def call(
        self, deadline: timedelta, method: str, path: str, said: Any = None
    ) -> requests.Response:
        answer = super().call(deadline, method, path, said)
        if 300 <= answer.status_code < 400:
            super().call(deadline, "GET", answer.headers["Location"])
        return answer


class RaisesAnything(BoardClient):
    def receipt(self, answer: requests.Response, sought: str | None = None) -> Receipt:
        return Receipt(answer.json()["id"])


class HasNoDeadline(BoardClient):
    def call(
        self, deadline: timedelta, method: str, path: str, said: Any = None
    ) -> requests.Response:
        return super().call(timedelta(minutes=5), method, path, said)


class CallsInside(BoardClient):
    def __init__(self, account: Account) -> None:
        super().__init__(Account(account.base_url, account.settings, allow_private_addresses=True))


class TakesRefusalForUnknown(BoardClient):
    def without_answer(self, error: Exception, ends: Deadline) -> ChannelError:
        return Unknown(SAYS)


class TakesFalseKeysForRefusal(BoardClient):
    def error(self, answer: requests.Response) -> ChannelError:
        return Rejected(SAYS) if answer.status_code == 401 else super().error(answer)


class ForgetsTheKey(BoardClient):
    def send(self, message: Message, *, key: str, deadline: timedelta) -> Receipt:
        return super().send(message, key=str(uuid4()), deadline=deadline)


class FindsNothingInGarbage(BoardClient):
    def look_up(
        self, message: Message, *, key: str, since: datetime, deadline: timedelta
    ) -> LookUp:
        found = json_object(self.call(deadline, "GET", "/posts")).get("posts", [])
        for post in found if isinstance(found, list) else []:
            if isinstance(post, dict) and message.permalink in str(post.get("text")):
                return LookUp(Receipt(str(post.get("id"))), complete=True)
        return LookUp(None, complete=True)


class FindsAnyPost(BoardClient):
    def look_up(
        self, message: Message, *, key: str, since: datetime, deadline: timedelta
    ) -> LookUp:
        posts = json_object(self.call(deadline, "GET", "/posts")).get("posts") or [{}]
        return LookUp(Receipt(str(posts[0].get("id"))), complete=True)


class EditsByPosting(BoardClient):
    def edit(self, remote_id: str, message: Message, *, key: str, deadline: timedelta) -> Receipt:
        return self.send(message, key=key, deadline=deadline)


class EditsNothing(BoardClient):
    def edit(self, remote_id: str, message: Message, *, key: str, deadline: timedelta) -> Receipt:
        return Receipt(remote_id)


class CannotDeleteTwice(BoardClient):
    def delete(self, remote_id: str, *, key: str, deadline: timedelta) -> Receipt:
        return self.receipt(self.call(deadline, "DELETE", f"/posts/{remote_id}"), remote_id)


class RefusesSpoiltDeletions(BoardClient):
    def delete(self, remote_id: str, *, key: str, deadline: timedelta) -> Receipt:
        try:
            return super().delete(remote_id, key=key, deadline=deadline)
        except Unknown:
            raise Rejected(SAYS) from None


class ChecksNothing(BoardClient):
    def check(self, *, deadline: timedelta) -> AccountCheck:
        return AccountCheck(str(json_object(self.call(deadline, "GET", "/me")).get("name")))


class KeepsAnswersAsTheyAre(BoardClient):
    def told(self, answer: requests.Response) -> str:
        return str(answer.text)


class LogsItsHeaders(BoardClient):
    def call(
        self, deadline: timedelta, method: str, path: str, said: Any = None
    ) -> requests.Response:
        logging.getLogger("board").debug("calling with %s", self.token)
        return super().call(deadline, method, path, said)


class RaisesFromTheCause(BoardClient):
    def call(
        self, deadline: timedelta, method: str, path: str, said: Any = None
    ) -> requests.Response:
        try:
            return super().call(deadline, method, path, said)
        except ChannelError as error:
            raise error from RuntimeError(f"with {self.token}")


class ShowsItsToken(BoardClient):
    def __repr__(self) -> str:
        return f"BoardClient({self.token})"


class CallsAtOnce(BoardClient):
    def __init__(self, account: Account) -> None:
        super().__init__(account)
        self.check(deadline=timedelta(seconds=5))


class SpeaksToProgrammers(BoardClient):
    def error(self, answer: requests.Response) -> ChannelError:
        return Unknown(Wording("KeyError at 0x7f"))


class BelievesTheHeader(BoardClient):
    def receipt(self, answer: requests.Response, sought: str | None = None) -> Receipt:
        number = answer.headers.get("x-post", "")
        return Receipt(number) if number else super().receipt(answer, sought)


class MakesNamesUp(BoardClient):
    def receipt(self, answer: requests.Response, sought: str | None = None) -> Receipt:
        if answer.status_code == 201 and "x-post" not in answer.headers:
            return Receipt("post0")
        return super().receipt(answer, sought)


class LooksAtOnePage(BoardClient):
    def look_up(self, message: Message, **how: Any) -> LookUp:
        for post in json_object(self.call(how["deadline"], "GET", "/posts"))["posts"][-100:]:
            if message.permalink in post["text"].split():
                return LookUp(Receipt(post["id"]), complete=True)
        return LookUp(None, complete=True)


class TakesLongerPermalinks(BoardClient):
    def look_up(self, message: Message, **how: Any) -> LookUp:
        for post in json_object(self.call(how["deadline"], "GET", "/posts"))["posts"]:
            if message.permalink in post["text"]:
                return LookUp(Receipt(post["id"]), complete=True)
        return LookUp(None, complete=True)


class BelievesAnyPage(BoardClient):
    def edit(self, remote_id: str, message: Message, *, key: str, deadline: timedelta) -> Receipt:
        answer = self.call(deadline, "PUT", f"/posts/{remote_id}", {"text": message.text})
        if answer.status_code == 200:
            return Receipt(remote_id)
        raise self.error(answer)


class AnswersNobody(BoardClient):
    def send(self, message: Message, *, key: str, deadline: timedelta) -> Receipt:
        return super().send(replace(message, in_reply_to=""), key=key, deadline=deadline)


class TakesAnyForTheReply(BoardClient):
    def is_sought(self, answers: str, message: Message) -> bool:
        return True


class LeavesRepliesBehind(BoardClient):
    def delete(self, remote_id: str, *, key: str, deadline: timedelta) -> Receipt:
        first = remote_id.partition(ALSO)[0]
        return super().delete(first, key=key, deadline=deadline)


@pytest.mark.parametrize(
    ("client", "rule", "says"),
    [
        (SaysSentWithoutName, "an_answer_that_says_nothing_is_unknown", "believed a name"),
        (BelievesAnyName, "an_answer_that_says_nothing_is_unknown", "believed a name"),
        (TriesLaterOnServerErrors, "an_answer_that_says_nothing_is_unknown", "only true word"),
        (BelievesProxies, "an_answer_that_says_nothing_is_unknown", "400 in HTML"),
        (SendsAgain, "an_answer_that_says_nothing_is_unknown", "it sent again"),
        (FollowsRedirects, "an_answer_that_says_nothing_is_unknown", "followed the redirect"),
        (RaisesAnything, "an_answer_that_says_nothing_is_unknown", "nothing but ChannelErrors"),
        (SpeaksToProgrammers, "an_answer_that_says_nothing_is_unknown", "whole sentence"),
        (CallsInside, "private_addresses_are_not_called", "pass allow_private_addresses on"),
        (TakesRefusalForUnknown, "a_refused_connection_is_tried_later", "did_not_act"),
        (TakesRefusalForUnknown, "what_is_no_address_stops_the_account", "raise Unauthorised"),
        (TakesFalseKeysForRefusal, "false_keys_stop_the_account", "raise Unauthorised"),
        (ForgetsTheKey, "a_key_that_holds_makes_no_second_post", "2 posts more"),
        (FindsNothingInGarbage, "a_spoilt_look_up_proves_no_absence", "says “complete” without"),
        (BelievesTheHeader, "an_answer_that_says_nothing_is_unknown", "check the types"),
        (MakesNamesUp, "an_answer_that_says_nothing_is_unknown", "make no name up"),
        (LooksAtOnePage, "a_post_behind_many_is_not_called_absent", "“complete” without it"),
        (TakesLongerPermalinks, "what_is_not_out_is_absent", "Another post was taken"),
        (BelievesAnyPage, "a_spoilt_edit_is_unknown", "nothing was changed, and it says done"),
        (FindsAnyPost, "what_is_not_out_is_absent", "Another post was taken"),
        (EditsByPosting, "an_edit_changes_the_post_and_makes_none", "named another post"),
        (EditsNothing, "an_edit_changes_the_post_and_makes_none", "says what it said before"),
        (EditsNothing, "a_post_that_is_gone_cannot_be_edited", "The post is gone"),
        (CannotDeleteTwice, "a_deletion_deletes_and_may_be_done_again", "counts as deleted"),
        (RefusesSpoiltDeletions, "a_spoilt_deletion_is_unknown", "only true word is Unknown"),
        (TriesLaterOnServerErrors, "a_spoilt_edit_is_unknown", "only true word is Unknown"),
        (ChecksNothing, "a_spoilt_check_names_nobody", "calls the account “None”"),
        (KeepsAnswersAsTheyAre, "no_secret_gets_out_where_a_platform_repeats", "answer that is"),
        (LogsItsHeaders, "no_secret_gets_out_where_no_answer_comes", "the log"),
        (RaisesFromTheCause, "no_secret_gets_out_where_no_answer_comes", "RuntimeError"),
        (ShowsItsToken, "a_client_does_nothing_before_it_is_asked", "shows a secret"),
        (CallsAtOnce, "a_client_does_nothing_before_it_is_asked", "called the platform"),
        (
            AnswersNobody,
            "a_reply_is_out_once_and_answers_the_right_post",
            "names the post to answer",
        ),
        (
            TakesAnyForTheReply,
            "a_reply_is_looked_up_below_the_post_that_it_answers",
            "was taken for the reply",
        ),
        (
            LeavesRepliesBehind,
            "a_deletion_takes_the_replies_that_it_names_along",
            "1 are gone",
        ),
    ],
)
def test_doing_wrong_is_found(client: type[BoardClient], rule: str, says: str) -> None:
    channel = BoardChannel()
    channel.client_class = client
    # The shortest: of replies there are rules of their own.
    name = min((name for name in rule_names() if name.startswith(f"test_{rule}")), key=len)
    with pytest.raises(AssertionError, match=says):
        keep(channel, name)


@pytest.fixture
def impatience(monkeypatch: pytest.MonkeyPatch) -> None:
    from syndicator.channels.conformance import calls

    monkeypatch.setattr(calls, "PATIENCE", timedelta(milliseconds=100))


@pytest.mark.usefixtures("impatience")
def test_a_call_without_an_end_is_found() -> None:
    channel = BoardChannel()
    channel.client_class = HasNoDeadline
    with pytest.raises(AssertionError, match="respect the deadline"):
        keep(channel, "test_an_answer_that_says_nothing_is_unknown")


class Illustrated(BoardChannel):
    """Takes a picture and a picture's credit, and what its client makes of them."""

    capabilities = BoardChannel.capabilities | {Capability.PICTURES}
    most_pictures = 1

    def render(self, story: Story) -> Message | None:
        message = super().render(story)
        return replace(message, pictures=story.pictures[:1]) if message else None


class DescribesPictures(BoardClient):
    def send(self, message: Message, *, key: str, deadline: timedelta) -> Receipt:
        said = {"text": message.text, "key": key, **self.described(message.pictures)}
        return self.receipt(self.call(deadline, "POST", "/posts", said))

    def described(self, pictures: tuple[Picture, ...]) -> dict[str, str]:
        return {
            "picture": "".join(self.account.open_picture(one).hex()[:20] for one in pictures),
            "alt": " ".join(f"{one.alt} ({one.credit})" for one in pictures),
        }


class ForgetsCredits(DescribesPictures):
    def described(self, pictures: tuple[Picture, ...]) -> dict[str, str]:
        return {**super().described(pictures), "alt": " ".join(one.alt for one in pictures)}


class ForgetsDescriptions(DescribesPictures):
    def described(self, pictures: tuple[Picture, ...]) -> dict[str, str]:
        return {**super().described(pictures), "alt": ""}


def test_pictures_that_go_along_are_seen() -> None:
    channel = Illustrated()
    channel.client_class = DescribesPictures
    keep(channel, "test_pictures_go_along")


@pytest.mark.parametrize(
    ("client", "says"),
    [
        (BoardClient, "nobody read it"),
        (ForgetsDescriptions, "without its description"),
        (ForgetsCredits, "without its credit"),
    ],
)
def test_pictures_that_stay_behind_are_found(client: type[BoardClient], says: str) -> None:
    channel = Illustrated()
    channel.client_class = client
    with pytest.raises(AssertionError, match=says):
        keep(channel, "test_pictures_go_along")


# --- Platforms and messages ----------------------------------------------------


def test_a_platform_that_fails_is_not_blamed_on_the_client(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(board: Board, request: Request) -> Answer:
        raise KeyError("Authorization")

    monkeypatch.setattr(Board, "answer", fail)
    with pytest.raises(KeyError, match="Authorization") as caught:
        keep(BoardChannel(), "test_a_post_is_out_and_named")
    assert "test's own platform raised it at POST /posts" in caught.value.__notes__[0]


def test_a_failure_says_what_was_called(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Board, "answer", lambda *_: Answer.json(401, {"error": "No such token."}))
    with pytest.raises(AssertionError, match="Called: POST /posts → 401"):
        keep(BoardChannel(), "test_a_post_is_out_and_named")


# --- Channels that do one thing wrong ------------------------------------------


class CutsThePermalink(BoardChannel):
    def render(self, story: Story) -> Message | None:
        message = super().render(story)
        return message.with_text(message.text[:-1]) if message else None


class WritesTooMuch(BoardChannel):
    def render(self, story: Story) -> Message | None:
        message = super().render(story)
        return message.with_text("Wort " * 200 + message.text) if message else None


class ChecksNoProblems(BoardChannel):
    def problems(self, message: Message) -> list[Wording]:
        return []


class SaysSomethingElse(BoardChannel):
    def revise(self, message: Message, text: str) -> Message:
        return message.with_text(text.upper())


class NeverTheSame(BoardChannel):
    times = 0

    def render(self, story: Story) -> Message | None:
        self.times += 1
        message = super().render(story)
        return message.with_text(f"{self.times} {message.text}") if message else None


class PromisesPictures(BoardChannel):
    capabilities = frozenset({Capability.PICTURES})


class TellsItsToken(BoardChannel):
    settings = (Setting("token", "Token", secret=True, default=TOKEN),)

    def account_name(self, settings: Any) -> str:
        return str(settings["token"])


class CannotLookUp(BoardChannel):
    def client(self, account: Account) -> Client:
        made = super().client(account)
        return type("Blind", (type(made),), {"look_up": Client.look_up})(account)


class HidesWhatItCan(BoardChannel):
    look_up_strength = LookUpStrength.NONE
    capabilities = frozenset()


@pytest.mark.parametrize(
    ("channel", "rule", "says"),
    [
        (CutsThePermalink, "every_story_makes_a_message_that_may_be_sent", "permalink is not in"),
        (WritesTooMuch, "every_story_makes_a_message_that_may_be_sent", "it is too long"),
        (NeverTheSame, "every_story_makes_a_message_that_may_be_sent", "it says two things"),
        (ChecksNoProblems, "what_must_not_be_sent_is_found", "may be sent"),
        (SaysSomethingElse, "an_editors_text_is_taken_as_it_is", "."),
        (PromisesPictures, "it_says_what_it_is", "most_pictures must agree"),
        (TellsItsToken, "it_says_what_it_is", "has a default"),
        (TellsItsToken, "its_settings_are_told_apart", "tells a secret"),
        (CannotLookUp, "its_client_can_do_what_it_says", "the client has none"),
        (HidesWhatItCan, "its_client_can_do_what_it_says", "do not agree"),
    ],
)
def test_a_channel_that_does_wrong_is_found(
    channel: type[BoardChannel], rule: str, says: str
) -> None:
    with pytest.raises(AssertionError, match=says):
        keep(channel(), f"test_{rule}")
