"""What every channel must do when it renders, and say about itself."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import ClassVar

from syndicator.channels.base import (
    Account,
    Capability,
    Channel,
    Client,
    LookUpStrength,
    Message,
    Setting,
)
from syndicator.channels.conformance.calls import report
from syndicator.channels.conformance.samples import empty_story, stories, story

_FORBIDDEN = ("django", "celery", "config", "workers", "syndicator.posts", "syndicator.desk")


class MessageConformance:
    """The rules that hold for every channel, whatever its platform speaks."""

    channel: ClassVar[Channel]
    #: An account's settings, secrets included.
    settings: ClassVar[Mapping[str, str]]

    def test_it_says_what_it_is(self) -> None:
        broken = []
        channel = self.channel
        if not channel.name.isidentifier() or channel.name != channel.name.lower():
            broken.append(f"The name “{channel.name}” must be lower case, without spaces.")
        if not channel.label.strip():
            broken.append("The label is empty: editors read it.")
        if channel.limit is not None and channel.limit < 1:
            broken.append("The limit must be at least 1, or None.")
        if min(channel.settle_time, channel.gap) < timedelta(0):
            broken.append("settle_time and gap must not be negative.")
        if channel.key_lifetime is not None and channel.key_lifetime <= timedelta(0):
            broken.append("key_lifetime must be positive, or None.")
        if (Capability.PICTURES in channel.capabilities) != (channel.most_pictures > 0):
            broken.append("Capability.PICTURES and most_pictures must agree.")
        report(broken + [line for one in channel.settings for line in _faults_of(one)])

    def test_its_settings_are_told_apart(self) -> None:
        names = [one.name for one in self.channel.settings]
        assert len(names) == len(set(names)), f"Two settings have one name: {names}"
        required = {one.name for one in self.channel.settings if one.required and not one.kept}
        missing = required - set(self.settings)
        assert not missing, f"The test's own settings lack {missing}."
        for one in self.channel.settings:
            if one.secret and self.settings.get(one.name):
                shown = self.channel.account_name(self.settings)
                assert self.settings[one.name] not in shown, "account_name tells a secret."

    def test_its_client_can_do_what_it_says(self) -> None:
        broken = []
        kind = self._client_class()
        can = self.channel.look_up_strength is not LookUpStrength.NONE
        if can and kind.look_up is Client.look_up:
            broken.append("look_up_strength promises a look_up, and the client has none.")
        for capability, mine, default in (
            (Capability.EDIT, kind.edit, Client.edit),
            (Capability.DELETE, kind.delete, Client.delete),
        ):
            if (capability in self.channel.capabilities) != (mine is not default):
                broken.append(f"Capability.{capability.name} and the client do not agree.")
        report(broken)

    def test_a_reply_is_made_where_it_says_so(self) -> None:
        message = self.channel.render(replace(story(1), in_reply_to="7"))
        assert message is not None
        answers = Capability.REPLY in self.channel.capabilities
        assert (message.in_reply_to == "7") == answers, (
            "Capability.REPLY and Message.in_reply_to must agree."
        )
        report([*map(str, self.channel.problems(message)), *self._faults_of(message)])

    def test_every_story_makes_a_message_that_may_be_sent(self) -> None:
        broken = []
        for name, told in stories().items():
            message = self.channel.render(told)
            if message is None:
                broken.append(f"{name}: nothing is left of it.")
                continue
            problems = [str(one) for one in self.channel.problems(message)]
            broken += [f"{name}: rendered, and then refused: {one}" for one in problems]
            broken += [f"{name}: {line}" for line in self._faults_of(message)]
            if message != self.channel.render(told):
                broken.append(f"{name}: rendered twice, it says two things.")
        report(broken)

    def test_an_entry_without_anything_to_say(self) -> None:
        """Nothing, or a message that may be sent."""
        message = self.channel.render(empty_story())
        if message is not None:
            report([str(one) for one in self.channel.problems(message)])

    def test_what_must_not_be_sent_is_found(self) -> None:
        message = self.channel.render(story(1))
        assert message is not None
        channel = self.channel
        empty = Message("", message.permalink, link=message.permalink)
        assert channel.problems(empty), "A text that is empty may be sent: call super().problems."
        elsewhere = Message(f"Text {message.permalink}-2", message.permalink)
        assert channel.problems(elsewhere), "A text without the permalink may be sent."
        if channel.limit is not None:
            words = "Wort " * channel.limit
            long = Message(f"{words}{message.permalink}", message.permalink, link=message.link)
            assert channel.problems(long), "A text that is too long may be sent."

    def test_an_editors_text_is_taken_as_it_is(self) -> None:
        message = self.channel.render(story(1))
        assert message is not None
        text = f"Ein anderer Satz.\n\n{message.permalink}"
        revised = self.channel.revise(message, text)
        report([str(one) for one in self.channel.problems(revised)])
        assert revised.text == text, "revise changed the editor's text."
        assert revised.permalink == message.permalink, "revise changed the permalink."

    def test_it_knows_nothing_of_the_engine(self) -> None:
        """Channels are pure: what they import must not depend on a database or a queue."""
        module = type(self.channel).__module__
        code = f"import {module}, sys; print(*sys.modules)"
        done = subprocess.run(  # our own interpreter, and a module's name
            [sys.executable, "-c", code], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        loaded = set(done.stdout.split())
        found = [name for name in _FORBIDDEN if name in loaded]
        assert not found, f"Importing {module} imports {', '.join(found)}."

    def _faults_of(self, message: Message) -> list[str]:
        broken = []
        if not message.carries_permalink():
            broken.append("the permalink is not in it.")
        if Message.from_json(message.to_json()) != message:
            broken.append("it is not the same after it was stored.")
        if (
            self.channel.limit is not None
            and self.channel.length(message.text) > self.channel.limit
        ):
            broken.append("it is too long.")
        if len(message.pictures) > self.channel.most_pictures:
            broken.append("it has more pictures than the platform takes.")
        if self.channel.cost(message) < 0:
            broken.append("its cost is negative.")
        return broken

    def _client_class(self) -> type[Client]:
        return type(self.channel.client(Account("http://127.0.0.1:9", self.settings)))


def _faults_of(setting: Setting) -> list[str]:
    broken = []
    if not setting.name.isidentifier():
        broken.append(f"The setting “{setting.name}” needs a name without spaces.")
    if not setting.label.strip() and not setting.kept:
        broken.append(f"The setting “{setting.name}” has no label: people fill it in.")
    if setting.secret and setting.default:
        broken.append(f"The secret “{setting.name}” has a default.")
    return broken
