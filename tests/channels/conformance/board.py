"""A platform of a few lines, its channel, and a client that can be told to do wrong."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

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
    Unauthorised,
    Unknown,
)
from syndicator.channels.conformance import Answer, Request
from syndicator.content import Story
from syndicator.outbound.answers import json_object, redact
from syndicator.outbound.deadline import Deadline, DeadlinePassed
from syndicator.outbound.http import did_not_act, make_session
from syndicator.wording import Wording

TOKEN = "board-token-0123456789abcdef"
SAYS = Wording("The board said no.")


class Board:
    """Posts by id; a key that was seen makes no second one."""

    def __init__(self) -> None:
        self._posts: dict[str, dict[str, str]] = {}
        self._ids: dict[str, str] = {}

    def posts(self) -> Sequence[str]:
        return [post["text"] for post in self._posts.values()]

    def answer(self, request: Request) -> Answer:
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return Answer.json(401, {"error": "No such token."})
        number = request.path.rpartition("/")[2]
        match request.method:
            case "POST":
                return self._add(json.loads(request.body))
            case "PUT" if number in self._posts:
                self._posts[number]["text"] = json.loads(request.body)["text"]
                return Answer.json(200, {"id": number})
            case "DELETE" if number in self._posts:
                # A reply is a post of its own, and stays.
                del self._posts[number]
                return Answer.json(200, {"id": number})
            case "GET" if request.path == "/me":
                return Answer.json(200, {"name": "Tafel"})
            case "GET":
                return Answer.json(200, {"posts": list(self._posts.values())})
        return Answer.json(404, {"error": "No such post."})

    def _add(self, said: dict[str, str]) -> Answer:
        if said.get("answers") and said["answers"] not in self._posts:
            return Answer.json(404, {"error": "No such post."})
        if said["key"] not in self._ids:
            number = f"post{len(self._ids) + 1}"
            self._ids[said["key"]] = number
            answers = said.get("answers", "")
            self._posts[number] = {"id": number, "text": said["text"], "answers": answers}
        number = self._ids[said["key"]]
        return Answer.json(201, {"id": number}, {"X-Post": number})


class BoardClient(Client):
    """Does right, as long as nothing is overridden."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self.token = account.settings.get("token", "")

    def send(self, message: Message, *, key: str, deadline: timedelta) -> Receipt:
        said = {"text": message.text, "key": key, "answers": message.in_reply_to}
        return self.receipt(self.call(deadline, "POST", "/posts", said))

    def edit(self, remote_id: str, message: Message, *, key: str, deadline: timedelta) -> Receipt:
        said = {"text": message.text}
        return self.receipt(self.call(deadline, "PUT", f"/posts/{remote_id}", said), remote_id)

    def delete(self, remote_id: str, *, key: str, deadline: timedelta) -> Receipt:
        for name in remote_id.split(ALSO):
            answer = self.call(deadline, "DELETE", f"/posts/{name}")
            if answer.status_code != 404 or not json_object(answer).get("error"):
                self.receipt(answer, name)
        return Receipt(remote_id)

    def look_up(
        self, message: Message, *, key: str, since: datetime, deadline: timedelta
    ) -> LookUp:
        answer = self.call(deadline, "GET", "/posts")
        posts = json_object(answer).get("posts")
        if answer.status_code != 200 or not isinstance(posts, list):
            raise self.error(answer)
        for post in posts:
            number = post.get("id") if isinstance(post, dict) else None
            text = post.get("text") if isinstance(post, dict) else None
            answers = post.get("answers") if isinstance(post, dict) else None
            if not all(isinstance(one, str) for one in (number, text, answers)):
                raise self.error(answer)
            if message.permalink in text.split() and self.is_sought(answers, message):
                return LookUp(Receipt(number), complete=True)
        return LookUp(None, complete=True)

    def is_sought(self, answers: str, message: Message) -> bool:
        return answers == message.in_reply_to

    def check(self, *, deadline: timedelta) -> AccountCheck:
        answer = self.call(deadline, "GET", "/me")
        name = json_object(answer).get("name")
        if answer.status_code != 200 or not isinstance(name, str):
            raise self.error(answer)
        return AccountCheck(name)

    def call(
        self, deadline: timedelta, method: str, path: str, said: Any = None
    ) -> requests.Response:
        allowed = self.account.allow_private_addresses
        headers = {"Authorization": f"Bearer {self.token}"}
        with Deadline(deadline) as ends:
            session = make_session(ends, allow_private_addresses=allowed)
            try:
                url = self.account.base_url + path
                return session.request(method, url, json=said, headers=headers)
            except (requests.RequestException, DeadlinePassed, ValueError) as error:
                failure = self.without_answer(error, ends)
        raise failure

    def without_answer(self, error: Exception, ends: Deadline) -> ChannelError:
        if did_not_act(error):
            return TryLater(SAYS)
        return Unknown(SAYS) if ends.sent else Unauthorised(SAYS)

    def receipt(self, answer: requests.Response, sought: str | None = None) -> Receipt:
        number = json_object(answer).get("id")
        if answer.status_code not in (200, 201) or not isinstance(number, str):
            raise self.error(answer)
        if sought not in (None, number):
            raise self.error(answer)
        return Receipt(number, answer=self.told(answer), status=answer.status_code)

    def error(self, answer: requests.Response) -> ChannelError:
        told = self.told(answer)
        says_no = bool(json_object(answer).get("error"))
        match answer.status_code:
            case 401 if says_no:
                return Unauthorised(SAYS, answer=told)
            case 404 if says_no:
                return Rejected(SAYS, answer=told)
        return Unknown(SAYS, answer=told)

    def told(self, answer: requests.Response) -> str:
        return redact(answer.text, [self.token])


class BoardChannel(Channel):
    name = "board"
    label = "Board"
    default_base_url = "https://board.example"
    settings = (Setting("token", "Token", secret=True),)
    look_up_strength = LookUpStrength.STRONG
    capabilities = frozenset({Capability.EDIT, Capability.DELETE, Capability.REPLY})
    key_lifetime = timedelta(hours=1)
    limit = 500
    client_class: type[BoardClient] = BoardClient

    def render(self, story: Story) -> Message | None:
        if not story.entry.headline and not story.entry.blocks:
            return None
        permalink = story.entry.permalink
        first = story.entry.headline or story.entry.blocks[0].text
        text = f"{first[:300]}\n\n{permalink}"
        return Message(text, permalink, in_reply_to=story.in_reply_to)

    def client(self, account: Account) -> Client:
        return self.client_class(account)
