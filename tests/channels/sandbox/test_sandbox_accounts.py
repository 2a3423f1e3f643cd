"""Several accounts on one platform, and many clients at once."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from syndicator.channels.sandbox.server import SandboxServer
from syndicator.channels.sandboxes import SANDBOX_SETTINGS, start_all
from syndicator.channels.x.sandbox import SANDBOX_BEARER_TOKEN
from tests.channels.sandbox.conftest import RootedSession

PAGE = SANDBOX_SETTINGS["facebook"]["page_id"]
ACCOUNTS = ("x", "x-2", "x-3", "facebook", "facebook-2", "facebook-3")


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[SandboxServer]:
    server = start_all(tmp_path, accounts=3, generosity=0.1)
    yield server
    server.stop()


def post(sandbox: SandboxServer, account: str, text: str) -> requests.Response:
    url = f"{sandbox.http_url}/{account}"
    if account.startswith("facebook"):
        token = SANDBOX_SETTINGS["facebook"]["page_access_token"]
        form = {"message": text, "access_token": token}
        return requests.post(f"{url}/v26.0/{PAGE}/feed", data=form, timeout=10)
    headers = {"Authorization": f"Bearer {SANDBOX_BEARER_TOKEN}"}
    return requests.post(f"{url}/2/tweets", json={"text": text}, headers=headers, timeout=10)


@pytest.mark.parametrize("account", ACCOUNTS)
def test_each_account_has_its_own_posts_and_page(
    sandbox: SandboxServer, web: RootedSession, account: str
) -> None:
    assert post(sandbox, account, "Nur hier").ok

    for other in ACCOUNTS:
        accepted = web.get("/_sandbox/accepted", params={"platform": other}).json()
        assert [act["text"] for act in accepted] == ["Nur hier"] * (other == account)
        assert ("Nur hier" in web.get(f"/{other}/").text) == (other == account)
    [act] = web.get("/_sandbox/accepted", params={"platform": account}).json()
    assert f"/{account}/" in web.get(f"/{account}/").text
    permalink = {"x": f"/i/web/status/{act['id']}"}.get(account.partition("-")[0], f"/{act['id']}")
    assert web.get(f"/{account}{permalink}").url.endswith(f"/{account}/#post-{act['id']}")


def test_each_account_has_its_own_faults(sandbox: SandboxServer, web: RootedSession) -> None:
    web.post("/_sandbox/faults", json={"platform": "x-2", "fault": "401", "times": None})

    assert [post(sandbox, account, "Eins").ok for account in ACCOUNTS] == [True, False, *[True] * 4]
    waiting = web.get("/_sandbox/faults").json()
    assert {account for account in waiting if waiting[account]["waiting"]} == {"x-2"}
    web.delete("/_sandbox/faults?platform=x-2")
    assert post(sandbox, "x-2", "Eins").ok


def test_each_account_has_its_own_limit(sandbox: SandboxServer) -> None:
    for number in range(10):
        assert post(sandbox, "x-2", f"Eins {number}").status_code == 201
    assert post(sandbox, "x-2", "Zu viel").status_code == 429
    assert post(sandbox, "x-3", "Eins").status_code == 201


def test_the_pages_for_people_list_all_accounts(web: RootedSession) -> None:
    for path in ("/", "/_sandbox/"):
        page = web.get(path).text
        assert all(label in page for label in ("X 2", "X 3", "Facebook 2", "Facebook 3", "Mail"))
    assert "/x-3</code>" in web.get("/").text


def test_an_account_that_there_is_not(web: RootedSession) -> None:
    for path in ("/x-4/", "/x-1/", "/mail-2/", "/_sandbox/accepted?platform=x-4"):
        assert web.get(path).status_code in (400, 404)


def test_many_clients_at_once(tmp_path: Path) -> None:
    """The same text counts once, other texts all count, and no two posts share an id."""
    texts = [f"Text {number % 40}" for number in range(80)]
    crowded = start_all(tmp_path / "crowded", generosity=10)
    try:
        with ThreadPoolExecutor(16) as clients:
            answers = list(clients.map(lambda text: post(crowded, "x", text).status_code, texts))
            pages = list(clients.map(lambda text: post(crowded, "facebook", text).ok, texts))
        tweets, posts = crowded.store.accepted("x"), crowded.store.accepted("facebook")
    finally:
        crowded.stop()

    assert sorted(answers) == [201] * 40 + [403] * 40
    assert all(pages)
    assert sorted(act.text for act in tweets) == sorted(set(texts))
    assert len({act.remote_id for act in tweets}) == 40
    assert len({act.remote_id for act in posts}) == 80
    assert [int(act.remote_id) for act in tweets] == sorted(int(act.remote_id) for act in tweets)
