"""What every client must do when it sends."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from dataclasses import replace

from syndicator.channels.base import (
    Capability,
    ChannelError,
    Duplicate,
    Message,
    TryLater,
    Unauthorised,
    Unknown,
)
from syndicator.channels.conformance.calls import (
    Calls,
    Spoilt,
    Work,
    followed_redirect,
    report,
    said_by,
)
from syndicator.channels.conformance.misdeeds import FALSE_NUMBER, FALSE_TEXT
from syndicator.channels.conformance.platform import Request
from syndicator.channels.conformance.samples import PICTURE

_NO_ADDRESSES = ("", "http://", "http://[", "https://a b/", "ftp://a.example", "https://:0/")


class SendingRules(Calls):
    def test_a_post_is_out_and_named(self) -> None:
        """Accepted: the post is out once, and the receipt has the platform's name for it."""
        before = len(self.behind.posts())
        message = self.message()
        receipt = self.sent(message)
        made = len(self.behind.posts()) - before
        assert made == 1, f"One message was sent, and there are {made} posts more."
        assert receipt.remote_id.strip(), "The receipt names no post: remote_id is empty."
        assert receipt.url == "" or receipt.url.startswith(("https://", "http://")), receipt.url
        first, second = self.sent(self.message()), self.sent(self.message())
        assert first.remote_id != second.remote_id, "Two posts have the same remote_id."

    def test_pictures_go_along(self) -> None:
        if Capability.PICTURES not in self.channel.capabilities:
            return
        message = self.message()
        assert message.pictures, "The story has a picture, and the message has none."
        self.sent(message)
        assert self.opened, "The message has a picture, and nobody read it: account.open_picture."
        said = "\n".join(map(said_by, self.proxy.received))
        assert PICTURE.alt in said, "The picture was sent without its description, Picture.alt."
        assert PICTURE.credit in said, (
            "The picture was sent without its credit: give fit the pictures, and Draft.credits "
            "stands in each draft; or put Picture.credit beside Picture.alt."
        )

    def test_an_answer_that_says_nothing_is_unknown(self) -> None:
        """A post that may be out is never called refused, nor sent again, nor called sent."""
        report([line for spoilt in self._spoilt_posts() for line in faults_of(spoilt)])

    def test_a_refused_connection_is_tried_later(self) -> None:
        """Nobody listens: nothing was done, and the post can wait."""
        with socket.socket() as bound:
            bound.bind(("127.0.0.1", 0))
            url = f"http://127.0.0.1:{bound.getsockname()[1]}"
        account = replace(self.account(), base_url=url)
        came = self.call(self.send(self.message()), account)
        assert isinstance(came.error, TryLater), f"It {came}; raise TryLater: did_not_act knows."
        assert came.error.retry_after is None, "Nobody said when to come back."

    def test_private_addresses_are_not_called(self) -> None:
        """An address on the inside is refused, unless the account allows it."""
        self.proxy.begin()
        account = replace(self.account(), allow_private_addresses=False)
        came = self.call(self.send(self.message()), account)
        broken = came.bad_manners()
        if self.proxy.received or came.error is None:
            broken.append("The server on 127.0.0.1 was called: pass allow_private_addresses on.")
        report(broken)

    def test_what_is_no_address_stops_the_account(self) -> None:
        """A typing error in the address is no reason to lose the post."""
        broken = []
        for address in _NO_ADDRESSES:
            came = self.call(self.send(self.message()), replace(self.account(), base_url=address))
            broken += [f"“{address}”: {line}" for line in came.bad_manners()]
            if not isinstance(came.error, Unauthorised | TryLater):
                broken.append(f"“{address}” as address: it {came}; raise Unauthorised")
        report(broken)

    def test_false_keys_stop_the_account(self) -> None:
        """With any required secret wrong, or none at all, the account cannot post."""
        broken = []
        required = [one.name for one in self.channel.settings if one.secret and one.required]
        wrong = [{**self.settings, name: _false(self.settings[name])} for name in required]
        for settings in (*wrong, {}):
            before = len(self.behind.posts())
            came = self.call(self.send(self.message()), replace(self.account(), settings=settings))
            what = "no settings" if not settings else "a wrong secret"
            broken += [f"With {what}: {line}" for line in came.bad_manners()]
            if not isinstance(came.error, Unauthorised):
                broken.append(f"With {what} the client {came}; raise Unauthorised")
            if len(self.behind.posts()) != before:
                broken.append(f"With {what} the platform accepted a post: it checks too little")
        report(broken)

    def test_a_key_that_holds_makes_no_second_post(self) -> None:
        """Where the platform knows keys (`key_lifetime`), sending again is the same post."""
        if self.channel.key_lifetime is None:
            return
        message = self.message()
        before = len(self.behind.posts())
        first, second = self.sent(message), self.sent(message)
        made = len(self.behind.posts()) - before
        assert made == 1, f"Sent twice under one key, there are {made} posts more."
        assert first.remote_id == second.remote_id, "The second receipt names another post."

    def test_a_client_does_nothing_before_it_is_asked(self) -> None:
        self.proxy.begin()
        client = self.of_account.client(self.account())
        assert not self.proxy.received, "Making a client called the platform."
        shown = repr(client)
        for one in self.channel.settings:
            if one.secret and self.settings.get(one.name):
                assert self.settings[one.name] not in shown, "repr() of a client shows a secret."

    def _spoilt_posts(self) -> Sequence[Spoilt]:
        return [spoilt for thread in self._kinds() for spoilt in self._spoilt_kind(thread)]

    def _spoilt_kind(self, thread: bool) -> Sequence[Spoilt]:
        def prepare() -> tuple[Message, Work]:
            message = self.message(thread=thread)
            return message, self.send(message)

        return list(self.spoil(prepare, values=0 if thread else None, endless=not thread))

    def _kinds(self) -> Sequence[bool]:
        """Whether to send a thread: never, or also."""
        return (False, True) if Capability.THREAD in self.channel.capabilities else (False,)


def faults_of(spoilt: Spoilt) -> list[str]:
    came, error = spoilt.came, spoilt.came.error
    broken = came.bad_manners()
    posts = 1 + len(spoilt.about.thread)
    if spoilt.made > posts:
        broken.append("the post is out twice: a client makes one try")
    if came.receipt and not spoilt.made:
        broken.append("no post is out, and it says sent")
    if came.receipt and 0 < spoilt.made < posts and came.receipt.note is None:
        broken.append("the thread broke off, and the receipt has no note that says so")
    if came.receipt and not _is_name(came.receipt.remote_id):
        broken.append("it believed a name of the post that is none: check the types of values")
    elif came.receipt and not all(one in spoilt.said for one in came.receipt.remote_id.split("/")):
        broken.append(f"nobody called the post “{came.receipt.remote_id}”: make no name up")
    if (
        spoilt.made
        and isinstance(error, ChannelError)
        and not isinstance(error, Unknown | Duplicate)
    ):
        broken.append("the post is out, so the only true word is Unknown")
    if followed_redirect(spoilt.received):
        broken.append("it followed the redirect")
    if repeated := _repeated(spoilt.received):
        broken.append(f"it sent again ({repeated}): a client makes one try")
    return [f"{spoilt}: {line}" for line in broken]


def _repeated(received: Sequence[Request]) -> str:
    """A request that would act, sent twice with the same content."""
    seen = set()
    for request in received:
        if request.method in ("GET", "HEAD"):
            continue
        what = (request.method, request.target, request.body)
        if what in seen:
            return f"{request.method} {request.path}"
        seen.add(what)
    return ""


def _is_name(remote_id: object) -> bool:
    """Whether it can be the platform's: a text, and nothing that it never said."""
    false = {str(FALSE_NUMBER), FALSE_TEXT}
    return (
        isinstance(remote_id, str)
        and bool(remote_id.strip())
        and not false & set(remote_id.split("/"))
    )


def _false(secret: str) -> str:
    ending = "zzz" if not secret.endswith("zzz") else "yyy"
    return secret[:-3] + ending
