"""A signed-in browser for each role, and a channel whose every answer the tests know."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import ClassVar

import pytest
from django.test import Client as Browser

from syndicator.accounts.models import Role
from syndicator.channels import registry
from syndicator.channels.base import Account, Channel, Client, Message, Receipt, Setting
from syndicator.content import Story
from syndicator.wording import Wording
from tests.factories import make_user

LIMIT = 100


class NoteClient(Client):
    """Cannot be asked about an account."""

    def send(self, message: Message, *, key: str, deadline: timedelta) -> Receipt:
        raise AssertionError("the desk posts nothing")


class NoteChannel(Channel):
    """Posts the headline and the link. An “ß” counts two, which only the server knows."""

    name = "note"
    label = "Notes"
    default_base_url = "https://notes.example.org"
    settings: ClassVar[tuple[Setting, ...]] = (
        Setting("handle", "Account name", required=False, help="Without @."),
        Setting("token", "Access token", secret=True),
    )
    limit = LIMIT

    def render(self, story: Story) -> Message | None:
        return Message(f"{story.entry.headline}\n{story.entry.permalink}", story.entry.permalink)

    def length(self, text: str) -> int:
        return len(text) + text.count("ß")

    def problems(self, message: Message) -> list[Wording]:
        found = super().problems(message)
        if "verboten" in message.text:
            found.append(Wording("The text is empty."))
        return found

    def client(self, account: Account) -> Client:
        return NoteClient()


@pytest.fixture(autouse=True)
def channels(monkeypatch: pytest.MonkeyPatch) -> dict[str, Channel]:
    """The installed channels with the tests' own one among them."""
    known = {**registry.channels(), NoteChannel.name: NoteChannel()}
    monkeypatch.setattr(registry, "channels", lambda: known)
    return known


@pytest.fixture
def browse(db: None) -> Callable[[Role], Browser]:
    def signed_in(role: Role) -> Browser:
        browser = Browser()
        browser.force_login(make_user(role, first_name="Edda", last_name="Kranz"))
        return browser

    return signed_in


@pytest.fixture
def viewer(browse: Callable[[Role], Browser]) -> Browser:
    return browse(Role.VIEWER)


@pytest.fixture
def editor(browse: Callable[[Role], Browser]) -> Browser:
    return browse(Role.EDITOR)


@pytest.fixture
def admin(browse: Callable[[Role], Browser]) -> Browser:
    return browse(Role.ADMIN)
