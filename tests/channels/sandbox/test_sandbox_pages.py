from __future__ import annotations

import pytest
import requests

from syndicator.channels.facebook.sandbox import SANDBOX_CREDENTIALS as FACEBOOK_ACCOUNT
from syndicator.channels.sandbox.server import SandboxServer

HOSTILE = '<script>alert("x")</script><img src=x onerror=alert(1)> &amp; {{ 7 * 7 }}'
PAGES = ["/", "/_sandbox/", "/x/", "/facebook/", "/mail/"]


@pytest.mark.parametrize("path", PAGES)
def test_every_page_is_labelled_and_locked_down(web: requests.Session, path: str) -> None:
    answer = web.get(path)

    assert answer.status_code == 200
    assert "– nothing leaves this machine" in answer.text
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    # Anything stricter makes browsers hide the origin of the page's own forms, which we check.
    assert answer.headers["Referrer-Policy"] == "same-origin"


@pytest.mark.parametrize("path", ["/x", "/facebook", "/mail", "/_sandbox"])
def test_the_last_slash_is_optional(web: requests.Session, path: str) -> None:
    assert web.get(path).status_code == 200


def test_a_hostile_post_is_shown_as_text(
    web: requests.Session, x: requests.Session, facebook: requests.Session
) -> None:
    link = "https://a.example/?q='><svg/onload=alert(1)>"
    x.post("/2/tweets", json={"text": f"{HOSTILE} {link}"})
    facebook.post(f"/{FACEBOOK_ACCOUNT['page_id']}/feed", data={"message": HOSTILE, "link": link})

    for path in ("/x/", "/facebook/"):
        page = web.get(path).text
        assert "&lt;script&gt;alert(&#34;x&#34;)" in page
        assert "&amp;amp; {{ 7 * 7 }}" in page
        assert "<script>alert" not in page
        assert "<img" not in page
        assert "<svg" not in page


def test_timelines_show_the_newest_post_first(
    web: requests.Session, x: requests.Session, facebook: requests.Session
) -> None:
    for text in ("Frueher", "Spaeter"):
        x.post("/2/tweets", json={"text": text})
        facebook.post(f"/{FACEBOOK_ACCOUNT['page_id']}/feed", data={"message": text})

    for path in ("/x/", "/facebook/"):
        page = web.get(path).text
        assert page.index("Spaeter") < page.index("Frueher")


def test_x_shows_the_link_as_readers_know_it(web: requests.Session, x: requests.Session) -> None:
    link = "https://www.zeitung.example/live/bahnstreik-am-montag#eintrag-12"
    x.post("/2/tweets", json={"text": f"Neu: {link}"})

    page = web.get("/x/").text

    assert f'href="{link}"' in page
    assert ">zeitung.example/live/bahnstrei…</a>" in page
    assert '<span class="title">Bahnstreik am montag</span>' in page
    assert "t.co" not in page


def test_a_posts_own_address_leads_to_it(
    sandbox: SandboxServer, web: requests.Session, x: requests.Session, facebook: requests.Session
) -> None:
    tweet = x.post("/2/tweets", json={"text": "Eins"}).json()["data"]["id"]
    post = facebook.post(f"/{FACEBOOK_ACCOUNT['page_id']}/feed", data={"message": "Eins"}).json()
    places = {
        f"/x/sandbox_newsroom/status/{tweet}": ("/x/", tweet),
        f"/x/i/web/status/{tweet}": ("/x/", tweet),
        f"/facebook/{post['id']}": ("/facebook/", post["id"]),
    }

    for path, (timeline, name) in places.items():
        answer = web.get(path)
        assert answer.url == f"{sandbox.http_url}{timeline}#post-{name}"
        assert f'id="post-{name}"' in answer.text


def test_the_front_page_tells_how_to_connect(sandbox: SandboxServer, web: requests.Session) -> None:
    page = web.get("/").text

    assert f"{sandbox.http_url}/x" in page
    assert sandbox.smtp_address in page
    assert FACEBOOK_ACCOUNT["page_access_token"] in page


def test_what_was_accepted_is_there_as_json(
    web: requests.Session, x: requests.Session, facebook: requests.Session
) -> None:
    texts = ["Eins https://a.example/1", "Zwei"]
    for text in texts:
        x.post("/2/tweets", json={"text": text})

    accepted = web.get("/_sandbox/accepted", params={"platform": "x"}).json()

    assert [act["text"] for act in accepted] == texts
    assert accepted[0]["link"] == "https://a.example/1"
    assert accepted[0]["request"] == {"text": texts[0]}
    assert accepted[0]["id"] < accepted[1]["id"]
    assert accepted[0]["time"] <= accepted[1]["time"]
    assert web.get("/_sandbox/accepted?platform=x&action=delete").json() == []
    assert web.get("/_sandbox/accepted?platform=y").status_code == 400
    assert web.get("/_sandbox/accepted?platform=x&action=y").status_code == 400


def test_buttons_switch_faults_on_and_off(sandbox: SandboxServer, web: requests.Session) -> None:
    page = web.post("/_sandbox/faults", data={"platform": "x", "fault": "hang"})
    web.post("/_sandbox/faults", data={"platform": "x", "fault": "401", "times": "", "on": "any"})

    assert [(fault.name, fault.times) for fault in sandbox.faults.waiting("x")] == [
        ("hang", 1),
        ("401", None),
    ]
    assert page.url.endswith("/_sandbox/")
    assert "<b>1×</b>" in page.text
    web.post("/_sandbox/faults/clear", data={"platform": "x"})
    assert sandbox.faults.waiting("x") == ()


def test_no_other_website_switches_faults(sandbox: SandboxServer, web: requests.Session) -> None:
    form = {"platform": "x", "fault": "hang"}
    for origin in ("https://evil.example", "null", "http://127.0.0.1:1"):
        answer = web.post("/_sandbox/faults", data=form, headers={"Origin": origin})
        assert answer.status_code == 403
    assert sandbox.faults.waiting("x") == ()

    own = {"Origin": sandbox.http_url}
    assert web.post("/_sandbox/faults", data=form, headers=own).status_code == 200


HOSTS = [
    ("localhost", 200),
    ("LOCALHOST:8025", 200),
    ("127.0.0.2", 200),
    ("[::1]:8025", 200),
    ("evil.example", 421),
    ("127.0.0.1.evil.example:8025", 421),
]


def test_only_this_machines_names_are_answered(
    web: requests.Session, subtests: pytest.Subtests
) -> None:
    for host, status in HOSTS:
        with subtests.test(host=host):
            assert web.get("/x/", headers={"Host": host}).status_code == status
