"""The real client against the sandbox: pictures, threads, deletion, OAuth 2 and the check."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from PIL import Image as Pixels

from syndicator.channels.base import (
    ALSO,
    Account,
    Act,
    LookUp,
    Message,
    Receipt,
    Rejected,
    TryLater,
    Unauthorised,
)
from syndicator.channels.sandbox.faults import Call, Fault
from syndicator.channels.sandbox.server import SandboxServer
from syndicator.channels.x import media, prices
from syndicator.channels.x.channel import XChannel
from syndicator.channels.x.client import XClient
from syndicator.channels.x.sandbox import SANDBOX_CREDENTIALS, USER_ID
from syndicator.channels.x.threads import MOST_PARTS
from syndicator.content import BulletList, EntryContent, Image, Paragraph, Picture, Story

AMPLE = timedelta(seconds=30)
PERMALINK = "https://zeitung.example/live#eintrag-7"
MESSAGE = Message(f"Ein Saal\n\n{PERMALINK}", PERMALINK)
X = XChannel()


def encoded(kind: str, size: tuple[int, int] = (40, 30)) -> bytes:
    target = io.BytesIO()
    Pixels.effect_noise(size, 90).convert("P").save(target, kind)
    return target.getvalue()


PNG, GIF = encoded("PNG"), encoded("GIF")


def picture(name: str = "a", media_type: str = "image/png", alt: str = "Ein Saal") -> Picture:
    return Picture(name, media_type, len(PNG), 40, 30, alt, "Anna Foto/dpa")


def account(sandbox: SandboxServer, **settings: str) -> Account:
    files = {"a": PNG, "b": PNG + b"b", "moves": GIF, "broken": b"no picture"}
    return Account(
        f"{sandbox.http_url}/x",
        settings or SANDBOX_CREDENTIALS,
        allow_private_addresses=True,
        open_picture=lambda one: files[one.digest],
    )


@pytest.fixture
def client(sandbox: SandboxServer) -> XClient:
    return X.client(account(sandbox))


def send(client: XClient, message: Message, deadline: timedelta = AMPLE) -> Receipt:
    return client.send(message, key="key", deadline=deadline)


def timeline(sandbox: SandboxServer) -> str:
    return requests.get(f"{sandbox.http_url}/x/", timeout=10).text


class TestPictures:
    def test_a_post_with_pictures_and_what_they_show(
        self, sandbox: SandboxServer, client: XClient
    ) -> None:
        send(client, replace(MESSAGE, pictures=(picture(), picture("b", alt=""))))
        (act,) = sandbox.store.accepted("x")
        ids = act.request["media"]["media_ids"]
        assert len(ids) == 2
        page = timeline(sandbox)
        assert 'alt="Ein Saal"' in page
        assert 'alt=""' in page
        shown = requests.get(f"{sandbox.http_url}/x/media/{ids[0]}", timeout=10)
        assert (shown.content, shown.headers["Content-Type"]) == (PNG, "image/png")

    def test_one_that_moves_goes_in_segments_and_is_waited_for(
        self, sandbox: SandboxServer, client: XClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(media, "SEGMENT", 500)
        assert len(GIF) > 1000
        send(client, replace(MESSAGE, pictures=(picture("moves", "image/gif"),)))
        (named,) = sandbox.store.accepted("x")[0].request["media"]["media_ids"]
        assert sandbox.store.raw("x-media", named) == GIF

    def test_one_that_is_not_ready_in_time_leaves_nothing_out(
        self, sandbox: SandboxServer, client: XClient
    ) -> None:
        with pytest.raises(TryLater, match="still working"):
            send(
                client,
                replace(MESSAGE, pictures=(picture("moves", "image/gif"),)),
                timedelta(seconds=0.9),
            )
        assert sandbox.store.accepted("x") == []

    def test_a_file_that_x_refuses_is_not_posted_without(
        self, sandbox: SandboxServer, client: XClient
    ) -> None:
        with pytest.raises(Rejected, match="refused the picture"):
            send(client, replace(MESSAGE, pictures=(picture("broken"),)))
        assert sandbox.store.accepted("x") == []

    @pytest.mark.parametrize("fault", ["500", "reset-after-accept", "garbage-json", "redirect"])
    def test_an_unclear_upload_has_surely_posted_nothing(
        self, sandbox: SandboxServer, client: XClient, fault: str
    ) -> None:
        sandbox.faults.switch_on("x", Fault(fault, on=Call.OTHER))
        with pytest.raises(TryLater):
            send(client, replace(MESSAGE, pictures=(picture(),)))
        assert sandbox.store.accepted("x") == []
        send(client, replace(MESSAGE, pictures=(picture(),)))
        assert len(sandbox.store.accepted("x")) == 1

    def test_a_limit_on_uploads_says_when_to_come_back(
        self, sandbox: SandboxServer, client: XClient
    ) -> None:
        sandbox.faults.switch_on("x", Fault("429", on=Call.OTHER, seconds=100))
        with pytest.raises(TryLater) as refused:
            send(client, replace(MESSAGE, pictures=(picture(),)))
        assert refused.value.retry_after is not None
        assert timedelta(seconds=90) < refused.value.retry_after <= timedelta(seconds=110)


class TestThreads:
    parts = ("Zweiter Teil.", "Dritter Teil.")

    def test_each_part_answers_the_one_before(
        self, sandbox: SandboxServer, client: XClient
    ) -> None:
        receipt = send(client, replace(MESSAGE, thread=self.parts))
        head, second, third = sandbox.store.accepted("x")
        names = ALSO.join(post.remote_id for post in (head, second, third))
        assert (receipt.remote_id, receipt.note) == (names, None)
        assert receipt.url.endswith(f"/{head.remote_id}")
        assert second.request["reply"] == {"in_reply_to_tweet_id": head.remote_id}
        assert third.request["reply"] == {"in_reply_to_tweet_id": second.remote_id}
        assert timeline(sandbox).count("Replying to") == 2

    @pytest.mark.parametrize("fault", ["500", "accept-then-500", "reset-after-accept", "401"])
    def test_a_part_that_fails_ends_it_and_the_editor_is_told(
        self,
        sandbox: SandboxServer,
        client: XClient,
        fault: str,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        record = sandbox.store.record

        def then_fail(*args: object, **values: object) -> datetime:
            monkeypatch.undo()
            sandbox.faults.switch_on("x", Fault(fault))
            return record(*args, **values)  # type: ignore[arg-type]

        monkeypatch.setattr(sandbox.store, "record", then_fail)
        receipt = send(client, replace(MESSAGE, thread=self.parts))
        assert "broke off: 0 of 2" in str(receipt.note)
        assert len(sandbox.store.accepted("x")) <= 2

    def look_up(self, client: XClient, message: Message) -> LookUp:
        since = datetime.now(UTC) - timedelta(hours=1)
        return client.look_up(message, key="key", since=since, deadline=AMPLE)

    def test_it_is_found_again_as_a_whole(self, client: XClient) -> None:
        message = replace(MESSAGE, thread=self.parts)
        receipt = send(client, message)
        found = self.look_up(client, message)
        assert found.receipt is not None
        assert found.receipt.remote_id == receipt.remote_id
        assert found.receipt.note is None
        assert found.cost == 3 * prices.READ_OWN_POST

    def test_a_thread_that_is_not_whole_is_not_vouched_for(self, client: XClient) -> None:
        message = replace(MESSAGE, thread=self.parts)
        receipt = send(client, replace(message, thread=self.parts[:1]))
        found = self.look_up(client, message)
        assert found.receipt is not None
        assert found.receipt.remote_id == receipt.remote_id
        assert found.receipt.note is not None

    def test_it_is_deleted_as_a_whole(self, sandbox: SandboxServer, client: XClient) -> None:
        receipt = send(client, replace(MESSAGE, thread=self.parts))
        for _ in range(2):
            client.delete(receipt.remote_id, key="key", deadline=AMPLE)
        assert sandbox.store.posts("x") == []

    def test_the_ids_of_the_longest_one_fit_into_a_receipt(self, client: XClient) -> None:
        parts = tuple(f"Teil {number}." for number in range(2, 2 + MOST_PARTS))
        receipt = send(client, replace(MESSAGE, thread=parts))
        assert len(receipt.remote_id.split(ALSO)) == 1 + MOST_PARTS
        assert len(receipt.remote_id) <= 200

    def test_a_long_entry_goes_on_and_says_all_of_it(self) -> None:
        sentences = [f"Das ist der Satz Nummer {n} von vielen im Eintrag." for n in range(20)]
        blocks = (Paragraph(" ".join(sentences)), BulletList(("Öl", "Gas")))
        entry = EntryContent("1", headline="Lang", permalink=PERMALINK, blocks=blocks)
        story = Story(entry, "b", "Blog", "https://zeitung.example/live", thread=True)
        message = X.render(story)
        assert message is not None
        assert X.problems(message) == []
        whole = " ".join((message.text, *message.thread))
        assert [sentence for sentence in sentences if sentence not in whole] == []
        assert whole.count("Satz Nummer 7 ") == 1
        assert "• Öl\n• Gas" in whole
        assert X.render(replace(story, thread=False)) == replace(message, thread=())


class TestDeleting:
    def test_it_is_gone_and_gone_is_enough(self, sandbox: SandboxServer, client: XClient) -> None:
        receipt = send(client, MESSAGE)
        for _ in range(2):
            client.delete(receipt.remote_id, key="key", deadline=AMPLE)
        assert sandbox.store.posts("x") == []


class Keeper:
    """What the engine does for `Account.renew`."""

    def __init__(self, settings: Mapping[str, str]) -> None:
        self.settings = dict(settings)
        self.renewed = 0

    def renew(
        self, exchange: Callable[[Mapping[str, str]], Mapping[str, str]]
    ) -> Mapping[str, str]:
        self.settings |= exchange(self.settings)
        self.renewed += 1
        return self.settings


class TestOAuth2:
    redirect_uri = "http://127.0.0.1:9/back"
    app = {name: SANDBOX_CREDENTIALS[name] for name in ("client_id", "client_secret")}

    def sign_in(
        self, sandbox: SandboxServer, answer: str = "allow", **app: str
    ) -> Mapping[str, str]:
        """As a browser does it: the settings of the one account."""
        assert X.sign_in is not None
        at = account(sandbox, **(app or self.app))
        page, kept = X.sign_in.begin(at, redirect_uri=self.redirect_uri, state="s1")
        shown = requests.get(page, timeout=10)
        assert "Post and delete posts for you" in shown.text
        assert "form-action 'self' http://127.0.0.1:9" in shown.headers["Content-Security-Policy"]
        sent_back = requests.post(page, data={"answer": answer}, allow_redirects=False, timeout=10)
        query = {
            k: v[0] for k, v in parse_qs(urlsplit(sent_back.headers["Location"]).query).items()
        }
        assert query.pop("state") == "s1"
        (choice,) = X.sign_in.finish(
            at, redirect_uri=self.redirect_uri, kept=kept, answer=query, deadline=AMPLE
        )
        return {**at.settings, **choice.settings}

    def connected(self, sandbox: SandboxServer) -> tuple[XClient, Keeper]:
        keeper = Keeper(self.sign_in(sandbox))
        at = replace(account(sandbox, **keeper.settings), renew=keeper.renew)
        return X.client(at), keeper

    @pytest.mark.parametrize("secret", [True, False])
    def test_signing_in_leads_to_an_account_that_posts(
        self, sandbox: SandboxServer, *, secret: bool
    ) -> None:
        app = self.app if secret else {"client_id": self.app["client_id"]}
        settings = self.sign_in(sandbox, **app)
        assert X.account_name(settings) == USER_ID
        receipt = send(X.client(account(sandbox, **settings)), MESSAGE)
        assert [act.remote_id for act in sandbox.store.accepted("x")] == [receipt.remote_id]

    def test_an_owner_who_refuses(self, sandbox: SandboxServer) -> None:
        with pytest.raises(Unauthorised, match="cancelled or refused"):
            self.sign_in(sandbox, "refuse")

    def test_it_is_the_same_account_by_either_way(self, sandbox: SandboxServer) -> None:
        assert X.account_name(self.sign_in(sandbox)) == X.account_name(SANDBOX_CREDENTIALS)

    def test_a_token_that_is_over_is_renewed_first(self, sandbox: SandboxServer) -> None:
        _, keeper = self.connected(sandbox)
        old = keeper.settings["oauth2_refresh_token"]
        keeper.settings["oauth2_expires_at"] = datetime.now(UTC).isoformat()
        at = replace(account(sandbox, **keeper.settings), renew=keeper.renew)
        send(X.client(at), replace(MESSAGE, pictures=(picture(),)))
        assert keeper.renewed == 1
        assert keeper.settings["oauth2_refresh_token"] != old
        assert len(sandbox.store.accepted("x")) == 1

    def test_a_refused_token_is_renewed_once(self, sandbox: SandboxServer) -> None:
        client, keeper = self.connected(sandbox)
        sandbox.faults.switch_on("x", Fault("401"))
        send(client, MESSAGE)
        assert keeper.renewed == 1
        sandbox.faults.switch_on("x", Fault("401", times=2))
        with pytest.raises(Unauthorised):
            send(client, MESSAGE.with_text(f"Neu {PERMALINK}"))
        assert keeper.renewed == 2
        assert len(sandbox.store.accepted("x")) == 1

    def test_a_refresh_token_that_x_takes_no_more_needs_a_person(
        self, sandbox: SandboxServer
    ) -> None:
        client, keeper = self.connected(sandbox)
        used = dict(keeper.settings)
        keeper.renew(lambda given: _refresh(sandbox, given))
        keeper.settings = used
        sandbox.faults.switch_on("x", Fault("401"))
        with pytest.raises(Unauthorised, match="Sign in at X again"):
            send(client, MESSAGE)

    @pytest.mark.parametrize("fault", ["500", "reset-after-accept", "garbage-json"])
    def test_an_unclear_renewal_has_surely_posted_nothing(
        self, sandbox: SandboxServer, fault: str
    ) -> None:
        client, _ = self.connected(sandbox)
        sandbox.faults.switch_on("x", Fault("401"))
        sandbox.faults.switch_on("x", Fault(fault, on=Call.OTHER))
        with pytest.raises(TryLater):
            send(client, MESSAGE)
        assert sandbox.store.accepted("x") == []

    def test_no_token_is_told(self, sandbox: SandboxServer) -> None:
        client, keeper = self.connected(sandbox)
        sandbox.faults.switch_on("x", Fault("401", times=None))
        with pytest.raises(Unauthorised) as refused:
            send(client, MESSAGE)
        told = f"{refused.value!r} {refused.value.answer} {refused.value.__cause__!r}"
        for name in ("oauth2_access_token", "oauth2_refresh_token", "client_secret"):
            assert keeper.settings[name] not in told


def _refresh(sandbox: SandboxServer, settings: Mapping[str, str]) -> Mapping[str, str]:
    form = {"grant_type": "refresh_token", "refresh_token": settings["oauth2_refresh_token"]}
    basic = (settings["client_id"], settings["client_secret"])
    url = f"{sandbox.http_url}/x/2/oauth2/token"
    answer = requests.post(url, data=form, auth=basic, timeout=10).json()
    return {"oauth2_access_token": answer["access_token"]}


class TestTheAccount:
    def test_its_name_and_picture(self, client: XClient) -> None:
        check = client.check(deadline=AMPLE)
        assert check.name == "Sandbox Newsroom (@sandbox_newsroom)"
        assert check.url == "https://x.com/sandbox_newsroom"
        assert check.picture.startswith(b"\x89PNG")
        assert (check.missing, check.ends_at) == ((), None)

    def test_what_it_may_not_do(self, sandbox: SandboxServer) -> None:
        whole = TestOAuth2().sign_in(sandbox)
        narrow = {**whole, "oauth2_scopes": "tweet.read users.read"}
        missing = X.client(account(sandbox, **narrow)).check(deadline=AMPLE).missing
        assert len(missing) == 2

    def test_an_account_that_is_refused(self, sandbox: SandboxServer, client: XClient) -> None:
        sandbox.faults.switch_on("x", Fault("401", on=Call.OTHER))
        with pytest.raises(Unauthorised):
            client.check(deadline=AMPLE)


def test_what_a_post_costs() -> None:
    with_url, plain = prices.POST_WITH_URL, prices.POST
    assert X.cost(MESSAGE) == with_url
    assert X.cost(Message("Ohne Link", "")) == plain
    described = replace(MESSAGE, pictures=(picture(), picture("b", alt="")))
    assert X.cost(described) == with_url + prices.ALT_TEXT
    assert X.cost(replace(MESSAGE, thread=("Eins.", "beschlossen.So"))) == 2 * with_url + plain
    assert X.cost(MESSAGE, Act.DELETE) == prices.DELETE
    assert X.cost(replace(MESSAGE, thread=("Eins.", "Zwei.")), Act.DELETE) == 3 * prices.DELETE


def test_the_credit_stays_with_the_picture() -> None:
    entry = EntryContent("1", headline="Saal", permalink=PERMALINK, blocks=(Paragraph("Leer."),))
    story = Story(entry, "b", "Blog", "https://zeitung.example/live", pictures=(picture(),))
    message = X.render(story)
    assert message is not None
    assert f"Foto: Anna Foto/dpa\n\n{PERMALINK}" in message.text
    assert message.pictures == (picture(),)
    endless = replace(picture(), credit="Name " * 80)
    without = X.render(replace(story, pictures=(endless,)))
    assert without is not None
    assert without.pictures == ()
    assert "Foto" not in without.text


def test_four_pictures_or_one_that_moves() -> None:
    entry = EntryContent("1", headline="Saal", permalink=PERMALINK)
    five = tuple(picture(str(number)) for number in range(5))
    story = Story(entry, "b", "Blog", "https://zeitung.example/live", pictures=five)
    message = X.render(story)
    assert message is not None
    assert len(message.pictures) == 4
    moving = picture("moves", "image/gif")
    mixed = X.render(replace(story, pictures=(*five[:2], moving)))
    assert mixed is not None
    assert mixed.pictures == (moving,)


def test_a_picture_without_words_is_credited_once() -> None:
    shown = replace(picture(), alt="Ein Saal")
    blocks = (Image("Der Saal in Genf", shown.credit, "Ein Saal", "https://zeitung.example/a.jpg"),)
    entry = EntryContent("1", permalink=PERMALINK, blocks=blocks)
    story = Story(
        entry, "b", "Blog", "https://zeitung.example/live", pictures=(shown,), thread=True
    )
    message = X.render(story)
    assert message is not None
    assert message.text == f"Der Saal in Genf\n\nFoto: Anna Foto/dpa\n\n{PERMALINK}"
    assert message.thread == ()


def test_a_credit_that_names_the_permalink_does_not_name_it_twice() -> None:
    entry = EntryContent("1", headline="Saal", permalink=PERMALINK)
    credited = replace(picture(), credit=f"dpa {PERMALINK}")
    story = Story(entry, "b", "Blog", "https://zeitung.example/live", pictures=(credited,))
    message = X.render(story)
    assert message is not None
    assert X.problems(message) == []
