"""docs/adding-a-channel.md as a stranger follows it: its code installed, checked and run."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import json
import logging
import os
import re
import subprocess
import sys
import tomllib
import traceback
import zipfile
from collections.abc import Iterator
from datetime import timedelta
from enum import Enum
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pytest
import requests

from syndicator.channels import base, registry, sandboxes
from syndicator.channels.base import (
    Account,
    Channel,
    ChannelError,
    Client,
    LookUp,
    LookUpStrength,
    Message,
    Receipt,
    Rejected,
    TryLater,
    Unauthorised,
    Unknown,
)
from syndicator.channels.fitting import Draft
from syndicator.channels.sandbox.faults import Fault
from syndicator.channels.sandbox.server import SandboxServer
from syndicator.content import EntryContent, Picture, Story, blocks_from_json
from syndicator.demo.player import sample
from syndicator.posts import attempts, reconcile
from syndicator.sources.base import SourceDocument
from syndicator.sources.permalinks import with_permalinks
from tests.channels.conftest import (
    Reply,
    ScriptedServer,
    answer,
    closed_port,
    drip,
    drop,
    server,
)

__all__ = ["closed_port", "server"]

ROOT = Path(__file__).parents[2]
GUIDE = ROOT / "docs" / "adding-a-channel.md"
TEXT = GUIDE.read_text(encoding="utf-8")
#: A file's name on a line of its own, and its content as the next code block.
FILE = re.compile(r"^`([\w./-]+)`\n\n```\w+\n(.*?)^```$", re.MULTILINE | re.DOTALL)

CONFORMANCE = ("-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:mastodon_mock")

TOKEN = "4711:AAE-this_is-no-real-token_x9"
PERMALINK = "https://magazin.example.org/genf#eintrag-7"
MESSAGE = Message(f"Grüße aus Genf 👍🏽\n\n{PERMALINK}", PERMALINK)
AMPLE = timedelta(seconds=30)
SHORT = timedelta(milliseconds=300)
SENT = {"ok": True, "result": {"message_id": 17, "chat": {"id": -1001, "type": "channel"}}}


# --- The package --------------------------------------------------------------


@pytest.fixture(scope="module")
def plug_in(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example's files, where the guide says they go."""
    folder = tmp_path_factory.mktemp("syndicator-telegram")
    for name, content in FILE.findall(TEXT):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def channel(plug_in: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Channel]:
    """The channel, found by its entry point: the wheel is built, and unpacked as pip would do."""
    installed = tmp_path_factory.mktemp("installed")
    build = "import setuptools.build_meta as backend; backend.build_wheel('dist')"
    run("-c", build, folder=plug_in)
    [wheel] = plug_in.glob("dist/*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(installed)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(installed)
        registry.channels.cache_clear()
        yield registry.channel("telegram")
    registry.channels.cache_clear()
    for name in [name for name in sys.modules if name.startswith("syndicator_telegram")]:
        del sys.modules[name]


def run(*arguments: str, folder: Path) -> None:
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_tree_in_the_guide_is_what_its_code_blocks_make() -> None:
    tree = TEXT.partition("```\nsyndicator-telegram/\n")[2].partition("```")[0]
    shown = {Path(line.strip()).name for line in tree.splitlines() if not line.endswith("/")}
    files = dict(FILE.findall(TEXT))
    assert {Path(name).name for name in files} == shown
    python = "".join(
        text
        for name, text in files.items()
        if name.startswith("syndicator_") and name.endswith(".py") and "sandbox" not in name
    )
    assert sum(1 for line in python.splitlines() if line.strip()) < 150


def test_the_example_is_well_formed(plug_in: Path) -> None:
    config = ("--config", str(ROOT / "pyproject.toml"), "--no-cache")
    run("-m", "ruff", "check", *config, ".", folder=plug_in)
    run("-m", "ruff", "format", "--check", *config, ".", folder=plug_in)


def test_the_example_is_typed(plug_in: Path) -> None:
    cache = ROOT / ".mypy_cache" / "adding-a-channel"
    run(
        *("-m", "mypy", "--strict", "--follow-imports=silent", "--config-file=", "--cache-dir"),
        *(str(cache), "-p", "syndicator_telegram"),
        folder=plug_in,
    )


def test_the_example_keeps_the_rules(plug_in: Path) -> None:
    run(*CONFORMANCE, "tests", folder=plug_in)


# --- The sandbox --------------------------------------------------------------


@pytest.fixture
def sandbox(channel: Channel, tmp_path: Path) -> Iterator[SandboxServer]:
    """The example's sandbox, found by its entry point as `syndicator sandbox` does."""
    [point] = entry_points(group=sandboxes.GROUP, name=channel.name)
    running = SandboxServer(tmp_path, [point.load()])
    running.start()
    yield running
    running.stop()


def send_to(sandbox: SandboxServer, channel: Channel, **settings: str) -> Receipt:
    [platform] = sandbox.platforms
    address = f"{sandbox.http_url}{platform.prefix}"
    there = Account(address, {**platform.credentials, **settings}, allow_private_addresses=True)
    return send(channel, there)


def test_the_sandbox_takes_posts_and_shows_them(sandbox: SandboxServer, channel: Channel) -> None:
    assert send_to(sandbox, channel).remote_id == "@sandbox/1"
    assert send_to(sandbox, channel).remote_id == "@sandbox/2"
    assert [post.text for post in sandbox.store.posts("telegram")] == [MESSAGE.text] * 2
    page = requests.get(f"{sandbox.http_url}/telegram/", timeout=10)
    assert MESSAGE.text in page.text


def test_the_sandbox_refuses_what_telegram_does(sandbox: SandboxServer, channel: Channel) -> None:
    for settings in ({"bot_token": f"{TOKEN}x"}, {"chat_id": "@elsewhere"}):
        with pytest.raises(Unauthorised):
            send_to(sandbox, channel, **settings)
    assert sandbox.store.posts("telegram") == []


@pytest.mark.parametrize(
    ("fault", "outcome", "posts"),
    [
        ("401", Unauthorised, 0),
        ("429", TryLater, 0),
        ("429-without-reset", TryLater, 0),
        ("500", Unknown, 0),
        ("accept-then-500", Unknown, 1),
        ("reset-after-accept", Unknown, 1),
    ],
)
def test_the_sandbox_has_faults(
    sandbox: SandboxServer,
    channel: Channel,
    fault: str,
    outcome: type[ChannelError],
    posts: int,
) -> None:
    assert fault in sandbox.platforms[0].fault_labels
    sandbox.faults.switch_on("telegram", Fault(fault, seconds=35))
    with pytest.raises(outcome) as caught:
        send_to(sandbox, channel)
    if fault == "429":
        assert getattr(caught.value, "retry_after", None) == timedelta(seconds=35)
    assert len(sandbox.store.posts("telegram")) == posts


def test_the_sandbox_can_be_the_platform_of_the_tests(plug_in: Path, channel: Channel) -> None:
    test = dict(FILE.findall(TEXT))["tests/test_conformance.py"]
    before, _, after = test.partition("class Telegram:")
    imports = (
        "from syndicator.channels.conformance import SandboxedPlatform\n"
        "from syndicator_telegram.sandbox import TelegramSandbox\n\n"
    )
    rules = "class TestTelegram" + after.partition("class TestTelegram")[2]
    rules = re.sub("settings = .*", "settings = TelegramSandbox.credentials", rules)
    rules = rules.replace("return Telegram()", "return SandboxedPlatform(TelegramSandbox)")
    path = plug_in / "tests" / "in_the_sandbox.py"
    path.write_text(before + imports + rules, encoding="utf-8")
    run(*CONFORMANCE, str(path), folder=plug_in)


# --- Rendering ----------------------------------------------------------------


def sample_stories() -> list[Story]:
    """Every entry that the demo's sample pushes or updates, in German, with its permalink."""
    blog = sample()["live_blog"]
    pushed = [step.get("push") or step.get("update") for step in sample()["steps"]]
    entries = tuple(
        EntryContent(
            entry["external_id"],
            author=entry.get("author", ""),
            headline=entry.get("headline", ""),
            permalink=entry.get("permalink", ""),
            blocks=blocks_from_json(entry["blocks"]),
        )
        for entry in pushed
        if entry
    )
    document = with_permalinks(SourceDocument("sample", entries), blog["canonical_url"])
    return [
        Story(entry, blog["slug"], blog["title"], blog["canonical_url"], blog["language"])
        for entry in document.entries
    ]


def test_sample_entries_are_told_with_their_permalinks(channel: Channel) -> None:
    stories = sample_stories()
    assert len(stories) > 20
    for story in stories:
        message = channel.render(story)
        assert message is not None
        assert message.text.endswith(f"\n\n{story.entry.permalink}")
        assert message.text.startswith(story.entry.headline[:10])
        assert channel.problems(message) == []


@pytest.mark.parametrize("filler", ["Die Gespräche gehen weiter. ", "👍🏽 Wort 𝕬. "])
def test_a_long_entry_is_cut_and_keeps_its_permalink(channel: Channel, filler: str) -> None:
    [told, *_] = sample_stories()
    paragraph = {"type": "paragraph", "text": filler * 1000}
    entry = dataclasses.replace(told.entry, blocks=blocks_from_json([paragraph]))
    message = channel.render(dataclasses.replace(told, entry=entry))
    assert message is not None
    assert channel.problems(message) == []
    in_utf_16 = len(message.text.encode("utf-16-le")) // 2
    assert 3900 < in_utf_16 <= 4096
    assert entry.permalink in message.text.split()


def test_an_entry_without_text_has_no_message(channel: Channel) -> None:
    [told, *_] = sample_stories()
    entry = dataclasses.replace(told.entry, headline="", blocks=())
    assert channel.render(dataclasses.replace(told, entry=entry)) is None


# --- Sending ------------------------------------------------------------------


def account(base_url: str, *, token: str = TOKEN, chat: str = "@morgenblatt") -> Account:
    settings = {"bot_token": token, "chat_id": chat, "destination_id": "1"}
    return Account(base_url, settings, allow_private_addresses=True)


def send(channel: Channel, to: Account, deadline: timedelta = AMPLE) -> Receipt:
    return channel.client(to).send(MESSAGE, key="syndicator-post-1", deadline=deadline)


def failure(channel: Channel, to: Account, deadline: timedelta = AMPLE) -> ChannelError:
    """What sending raises; nothing that could be shown or logged of it names the token."""
    with pytest.raises(ChannelError) as caught:
        send(channel, to, deadline)
    error = caught.value
    shown = (repr(error), str(error.reason), repr(error.reason.to_json()), error.answer)
    chain = [error, error.__cause__, error.__context__]
    logged = [line for one in chain if one for line in traceback.format_exception(one)]
    assert TOKEN not in "".join((*shown, *logged, repr(chain)))
    return error


def test_an_accepted_post(channel: Channel, server: ScriptedServer) -> None:
    server.replies.append(answer(200, {**SENT, "echo": f"/bot{TOKEN}/sendMessage"}))
    receipt = send(channel, account(server.url))
    assert receipt.remote_id == "@morgenblatt/17"
    assert receipt.url == "https://t.me/morgenblatt/17"
    assert receipt.status == 200
    assert TOKEN not in repr(receipt)
    [request] = server.received
    assert request.target == f"/bot{TOKEN}/sendMessage"
    assert json.loads(request.body) == {"chat_id": "@morgenblatt", "text": MESSAGE.text}


def test_a_private_chat_has_no_public_address(channel: Channel, server: ScriptedServer) -> None:
    server.replies.append(answer(200, SENT))
    receipt = send(channel, account(server.url, chat="-1001"))
    assert (receipt.remote_id, receipt.url) == ("-1001/17", "")


def told_no(status: int, description: str, **more: Any) -> Reply:
    said = {"ok": False, "error_code": status, "description": f"{description} {TOKEN}", **more}
    return answer(status, said)


@pytest.mark.parametrize(
    ("reply", "outcome"),
    [
        (told_no(400, "Bad Request: message text is empty"), Rejected),
        (told_no(400, "Bad Request: chat not found"), Unauthorised),
        (told_no(401, "Unauthorized"), Unauthorised),
        (told_no(404, "Not Found"), Unauthorised),
        (told_no(403, "Forbidden: bot is not a member of the channel chat"), Unauthorised),
        (told_no(409, "Conflict"), Unknown),
        (told_no(500, "Internal Server Error"), Unknown),
        (told_no(200, "Nobody documents this"), Unknown),
        (answer(400, b"<html>a proxy's own words</html>"), Unknown),
        (answer(429, b"<html>a proxy's own words</html>"), Unknown),
        (answer(502, b"Bad Gateway"), Unknown),
        (answer(302, b"", {"Location": "https://elsewhere.example/"}), Unknown),
        (answer(200, b"\xff{not JSON"), Unknown),
        (answer(200, {"ok": True, "result": True}), Unknown),
        (answer(200, {"ok": True, "result": {"message_id": True}}), Unknown),
        (answer(200, SENT, length=5000), Unknown),
        (answer(200, {**SENT, "ok": False}), Unknown),
        (answer(200, {**SENT, "ok": "true"}), Unknown),
        (answer(500, SENT), Unknown),
        (Reply((b"220 not HTTP at all\r\n",)), Unknown),
        (drop(), Unknown),
        (drop(reset=True), Unknown),
    ],
)
def test_every_answer_has_its_outcome(
    channel: Channel, server: ScriptedServer, reply: Reply, outcome: type[ChannelError]
) -> None:
    server.replies.append(reply)
    error = failure(channel, account(server.url))
    assert type(error) is outcome
    assert len(server.received) == 1


def test_the_reason_of_a_refusal_is_the_platforms(channel: Channel, server: ScriptedServer) -> None:
    server.replies.append(told_no(400, "Bad Request: message text is empty"))
    error = failure(channel, account(server.url))
    assert str(error.reason).startswith("Telegram refused the post: Bad Request: message text")
    assert "{" not in str(error.reason)


@pytest.mark.parametrize(
    ("parameters", "seconds"),
    [
        ({"retry_after": 35}, 35),
        ({"retry_after": 10**30}, 24 * 60 * 60),
        ({"retry_after": -5}, 1),
        ({"retry_after": "soon"}, 60),
        ([], 60),
    ],
)
def test_a_limit_names_its_wait(
    channel: Channel, server: ScriptedServer, parameters: Any, seconds: int
) -> None:
    server.replies.append(told_no(429, "Too Many Requests", parameters=parameters))
    error = failure(channel, account(server.url))
    assert isinstance(error, TryLater)
    assert error.retry_after == timedelta(seconds=seconds)


def test_a_refused_connection_did_not_act(channel: Channel, closed_port: int) -> None:
    error = failure(channel, account(f"http://127.0.0.1:{closed_port}"))
    assert type(error) is TryLater
    assert error.retry_after is None


def test_an_answer_after_the_deadline_is_unknown(channel: Channel, server: ScriptedServer) -> None:
    [accepted] = answer(200, SENT).chunks
    server.replies.append(drip(accepted[:20], accepted[20:]))
    assert type(failure(channel, account(server.url), SHORT)) is Unknown


@pytest.mark.parametrize("address", ["", "http://", "http://[", "https://a b/", "ftp://a.example"])
def test_an_address_that_is_none_stops_the_account(channel: Channel, address: str) -> None:
    assert type(failure(channel, account(address))) is Unauthorised


@pytest.mark.parametrize("token", ["", "4711", f"{TOKEN}/../x", f"{TOKEN} ", f"{TOKEN}?"])
def test_a_malformed_token_is_not_sent(
    channel: Channel, server: ScriptedServer, token: str
) -> None:
    assert type(failure(channel, account(server.url, token=token))) is Unauthorised
    assert server.received == []


def test_a_private_address_is_refused_unless_allowed(
    channel: Channel, server: ScriptedServer
) -> None:
    public_only = dataclasses.replace(account(server.url), allow_private_addresses=False)
    assert type(failure(channel, public_only)) is TryLater
    assert server.received == []


def test_no_log_line_names_the_token(
    channel: Channel, server: ScriptedServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    # Syndicator's own configuration keeps it quieter.
    caplog.set_level(logging.DEBUG, logger="urllib3")
    malformed = b"HTTP/1.1 200 OK\r\nno header at all\r\nContent-Length: 0\r\n\r\n"
    server.replies += [answer(200, SENT), Reply((malformed,))]
    send(channel, account(server.url))
    failure(channel, account(server.url))
    logged = [(record.name, record.levelname) for record in caplog.records]
    assert ("urllib3.connectionpool", "DEBUG") in logged
    assert ("urllib3.connection", "WARNING") in logged
    assert "sendMessage" in caplog.text
    assert TOKEN not in caplog.text


def test_what_cannot_be_looked_up_has_no_look_up(channel: Channel) -> None:
    assert channel.look_up_strength is LookUpStrength.NONE
    assert "look_up" not in vars(channel.client(account("")).__class__)


def test_the_pace(channel: Channel, server: ScriptedServer) -> None:
    assert channel.gap == timedelta(minutes=1) / 20
    assert channel.key_lifetime is None
    server.replies.append(answer(200, SENT))
    assert send(channel, account(server.url)).wait == timedelta(0)


# --- What the guide says ------------------------------------------------------


def rows_about(name: str) -> str:
    """The rows of the reference tables whose first cell is the code *name*."""
    reference = TEXT.partition("\n## Reference\n")[2]
    return "\n".join(line for line in reference.splitlines() if line.startswith(f"| `{name}` |"))


def public_members(kind: type) -> set[str]:
    """What a class itself adds: attributes, methods, fields; for errors, arguments."""
    names = {*vars(kind), *inspect.get_annotations(kind)}
    if issubclass(kind, Enum):
        names = set(kind.__members__)
    elif issubclass(kind, ChannelError):
        names |= set(inspect.signature(kind).parameters)
        if kind is not ChannelError:
            names -= {"outcome", *public_members(ChannelError)}
    return {name for name in names if not name.startswith("_")}


PUBLIC = [
    kind
    for name, kind in vars(base).items()
    if inspect.isclass(kind) and kind.__module__ == base.__name__ and not name.startswith("_")
]

#: What a channel is told about an entry.
TOLD = [Story, EntryContent, Picture, Draft]


def test_all_of_the_door_is_looked_at() -> None:
    assert {Channel, Client, Message, Receipt, LookUp, TryLater, ChannelError} <= set(PUBLIC)
    assert {"render", "limit", "settle_time", "gap", "problems"} <= public_members(Channel)
    assert {"wait", "platform_time"} <= public_members(Receipt) | public_members(LookUp)
    assert public_members(TryLater) == {"retry_after", "tries"}
    assert public_members(Rejected) == set()
    assert "link" in public_members(Message)


@pytest.mark.parametrize("kind", PUBLIC)
def test_every_public_name_is_in_the_reference(kind: type) -> None:
    name = kind.__name__
    if kind in (Channel, Client):
        undocumented = {one for one in public_members(kind) if not rows_about(f"{name}.{one}")}
    else:
        assert rows_about(name), f"{name} is not in the reference"
        undocumented = {one for one in public_members(kind) if f"`{one}`" not in rows_about(name)}
    assert undocumented == set()


@pytest.mark.parametrize("kind", TOLD)
def test_every_field_of_what_is_told_is_in_the_reference(kind: type) -> None:
    fields = {field.name for field in dataclasses.fields(kind)}
    assert {name for name in fields if f"`{name}`" not in rows_about(kind.__name__)} == set()


@pytest.mark.parametrize("name", sorted(public_members(Client)))
def test_the_calls_of_a_client_are_in_the_reference(name: str) -> None:
    _, *parameters = inspect.signature(getattr(Client, name)).parameters.values()
    keywords = [one.name for one in parameters if one.kind is one.KEYWORD_ONLY]
    others = [one.name for one in parameters if one.kind is not one.KEYWORD_ONLY]
    assert f"`({', '.join([*others, '*', *keywords])})`" in rows_about(f"Client.{name}")


def test_nothing_is_documented_that_does_not_exist() -> None:
    kinds = {kind.__name__: kind for kind in (*PUBLIC, *TOLD)}
    for name, member in re.findall(r"`(\w+)\.(\w+)`", TEXT):
        if name in kinds:
            assert member in public_members(kinds[name])
    for line in TEXT.partition("\n## Reference\n")[2].splitlines():
        named = re.match(r"\| `(\w+)` \|(?! *$)", line)
        assert not named or named[1] in kinds


def test_the_engines_numbers_are_the_engines() -> None:
    assert f"({attempts.DEADLINE.seconds} seconds today)" in TEXT
    shortest, longest = attempts.BACKOFF[0].seconds, attempts.BACKOFF[-1].seconds // 60
    assert f"from {shortest} seconds up to {longest} minutes" in TEXT
    assert f"fails after {attempts.MAX_TRIES} tries" in TEXT
    assert f"{reconcile.ABSENCES_NEEDED} complete look-ups in a row" in TEXT
    assert f"a person after {reconcile.MAX_LOOK_UPS} look-ups" in TEXT
    reserve, skew = reconcile.KEY_RESERVE, reconcile.CLOCK_SKEW / 2
    assert f"until {reserve // timedelta(minutes=1)} minutes before" in TEXT
    assert f"more than {skew // timedelta(minutes=1)} minutes from ours" in TEXT
    assert f"{attempts.ANSWER_KEPT} characters are kept" in TEXT
    assert f"{Channel.settle_time.seconds} seconds unless you say so" in TEXT


def test_what_the_guide_names_exists() -> None:
    for link in re.findall(r"\]\(([^)#]+)\)", TEXT):
        if "://" not in link:
            assert (GUIDE.parent / link).exists(), link
    for path in re.findall(r"`((?:syndicator|tests)/[\w./]+)`", TEXT):
        assert (ROOT / path).exists() or path in dict(FILE.findall(TEXT)), path
    for module in re.findall(r"`(syndicator\.(?!channels`\.)[\w.]+)`", TEXT):
        importlib.import_module(module)
    built = tomllib.loads(dict(FILE.findall(TEXT))["pyproject.toml"])
    assert list(built["project"]["entry-points"]) == [registry.GROUP, sandboxes.GROUP]
