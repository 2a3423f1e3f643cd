"""Each fault on real connections: what the caller sees, and whether the post was accepted."""

from __future__ import annotations

import json
import smtplib
import socket
import threading
import time
from urllib.parse import urlsplit

import pytest
import requests
from hypothesis import given, settings
from hypothesis import strategies as st

from syndicator.channels.facebook.sandbox import SANDBOX_CREDENTIALS as FACEBOOK_ACCOUNT
from syndicator.channels.sandbox.faults import Call, Fault, FaultBoard
from syndicator.channels.sandbox.server import SandboxServer
from syndicator.channels.x.sandbox import SANDBOX_BEARER_TOKEN, USER_ID

FEED = f"/{FACEBOOK_ACCOUNT['page_id']}/feed"


class Platforms:
    """Posts to either platform, and tells how many posts it accepted."""

    def __init__(
        self, sandbox: SandboxServer, x: requests.Session, facebook: requests.Session
    ) -> None:
        self.sandbox = sandbox
        self.x = x
        self.facebook = facebook

    def fail(self, platform: str, fault: str, **options: object) -> None:
        answer = requests.post(
            f"{self.sandbox.http_url}/_sandbox/faults",
            json={"platform": platform, "fault": fault, **options},
            timeout=10,
        )
        assert answer.status_code == 204, answer.text

    def post(self, platform: str, **options: float | bool) -> requests.Response:
        if platform == "x":
            return self.x.post("/2/tweets", json={"text": "Eins"}, **options)  # type: ignore[arg-type]
        return self.facebook.post(FEED, data={"message": "Eins"}, **options)  # type: ignore[arg-type]

    def accepted(self, platform: str) -> int:
        return len(self.sandbox.store.accepted(platform))


@pytest.fixture
def platforms(sandbox: SandboxServer, x: requests.Session, facebook: requests.Session) -> Platforms:
    return Platforms(sandbox, x, facebook)


both = pytest.mark.parametrize("platform", ["x", "facebook"])


@both
@pytest.mark.parametrize(("fault", "accepted"), [("accept-then-500", 1), ("500", 0)])
def test_a_server_error(platforms: Platforms, platform: str, fault: str, accepted: int) -> None:
    platforms.fail(platform, fault)

    answer = platforms.post(platform)

    assert answer.status_code == {"x": 503, "facebook": 500}[platform]
    if platform == "facebook":
        assert answer.json()["error"]["code"] == 2
    assert platforms.accepted(platform) == accepted


@both
@pytest.mark.parametrize(("fault", "accepted"), [("reset-before", 0), ("reset-after-accept", 1)])
def test_a_broken_connection(
    platforms: Platforms, platform: str, fault: str, accepted: int
) -> None:
    platforms.fail(platform, fault)

    with pytest.raises(requests.ConnectionError, match="reset by peer"):
        platforms.post(platform)

    assert platforms.accepted(platform) == accepted


@both
def test_a_hanging_answer_outlasts_the_caller(platforms: Platforms, platform: str) -> None:
    platforms.fail(platform, "hang", seconds=60)

    with pytest.raises(requests.ReadTimeout):
        platforms.post(platform, timeout=0.2)

    assert platforms.accepted(platform) == 1


@both
def test_a_hanging_answer_ends_in_silence(platforms: Platforms, platform: str) -> None:
    platforms.fail(platform, "hang", seconds=0)

    with pytest.raises(requests.ConnectionError):
        platforms.post(platform)

    assert platforms.accepted(platform) == 1


@both
def test_broken_json(platforms: Platforms, platform: str) -> None:
    platforms.fail(platform, "garbage-json")

    answer = platforms.post(platform)

    assert answer.ok
    with pytest.raises(requests.JSONDecodeError):
        answer.json()
    assert platforms.accepted(platform) == 1


@both
def test_half_an_answer(platforms: Platforms, platform: str) -> None:
    platforms.fail(platform, "short-body")

    with pytest.raises(requests.exceptions.ChunkedEncodingError, match="IncompleteRead"):
        platforms.post(platform)

    assert platforms.accepted(platform) == 1


@both
def test_a_slow_answer_comes_in_pieces(platforms: Platforms, platform: str) -> None:
    platforms.fail(platform, "slow-body", seconds=0.4)

    answer = platforms.post(platform, stream=True)
    pieces = list(iter(answer.raw.read1, b""))

    assert len(pieces) > 5
    assert json.loads(b"".join(pieces))
    assert platforms.accepted(platform) == 1


def request_bytes(platforms: Platforms, body: bytes) -> tuple[bytes, tuple[str, int]]:
    """The head of a post on X with *body*, and where to send it."""
    address = urlsplit(platforms.sandbox.http_url)
    head = (
        f"POST /x/2/tweets HTTP/1.1\r\nHost: {address.netloc}\r\n"
        f"Authorization: Bearer {SANDBOX_BEARER_TOKEN}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    ).encode()
    return head, (str(address.hostname), int(str(address.port)))


@pytest.mark.parametrize(("fault", "part"), [("reset-before-body", 0), ("reset-in-body", 10)])
def test_the_connection_breaks_before_the_request_is_complete(
    platforms: Platforms, fault: str, part: int
) -> None:
    """It breaks although the rest never comes; nothing that was read is posted."""
    platforms.fail("x", fault)
    body = b'{"text":"Eins zwei"}'
    head, address = request_bytes(platforms, body)

    with socket.create_connection(address, timeout=10) as client:
        client.sendall(head + body[:part])
        with pytest.raises(ConnectionResetError):
            client.recv(1)

    assert platforms.accepted("x") == 0


def test_the_platform_waits_for_the_part_of_the_body_that_it_reads(platforms: Platforms) -> None:
    platforms.fail("x", "reset-in-body")
    head, address = request_bytes(platforms, b'{"text":"Eins"}')

    with socket.create_connection(address, timeout=0.2) as client:
        client.sendall(head)
        with pytest.raises(TimeoutError):
            client.recv(1)


def test_an_answer_drips_from_its_first_byte(platforms: Platforms) -> None:
    platforms.fail("x", "slow-loris", seconds=1)
    body = b'{"text":"Eins"}'
    head, address = request_bytes(platforms, body)

    with socket.create_connection(address, timeout=10) as client:
        client.sendall(head + body)
        pieces = list(iter(lambda: client.recv(10_000), b""))

    assert len(pieces) > 20
    whole = b"".join(pieces)
    headers, _, content = whole.partition(b"\r\n\r\n")
    assert headers.startswith(b"HTTP/1.1 201 ")
    assert json.loads(content)["data"]["text"] == "Eins"
    assert platforms.accepted("x") == 1


@both
def test_a_redirect_leads_to_a_page(platforms: Platforms, platform: str) -> None:
    platforms.fail(platform, "redirect")

    answer = platforms.post(platform)

    assert [step.status_code for step in answer.history] == [302]
    assert answer.headers["Content-Type"].startswith("text/html")
    assert platforms.accepted(platform) == 0


def test_a_limit_on_x(platforms: Platforms) -> None:
    platforms.fail("x", "429", seconds=120)
    platforms.fail("x", "429-without-reset")

    told, untold = platforms.post("x"), platforms.post("x")

    assert [told.status_code, untold.status_code] == [429, 429]
    assert told.headers["x-rate-limit-remaining"] == "0"
    assert 110 < int(told.headers["x-rate-limit-reset"]) - time.time() <= 121
    assert "x-rate-limit-reset" not in untold.headers
    assert platforms.accepted("x") == 0


def test_a_limit_on_facebook(platforms: Platforms) -> None:
    platforms.fail("facebook", "429", seconds=120)
    platforms.fail("facebook", "429-without-reset")

    told, untold = platforms.post("facebook"), platforms.post("facebook")

    assert [told.json()["error"]["code"], untold.json()["error"]["code"]] == [32, 4]
    [[usage]] = json.loads(told.headers["X-Business-Use-Case-Usage"]).values()
    assert usage["estimated_time_to_regain_access"] == 2
    assert "X-Business-Use-Case-Usage" not in untold.headers
    assert platforms.accepted("facebook") == 0


def test_a_revoked_token_and_other_refusals(platforms: Platforms) -> None:
    platforms.fail("x", "401")
    platforms.fail("x", "402")
    platforms.fail("x", "duplicate")
    platforms.fail("facebook", "401")
    platforms.fail("facebook", "duplicate")

    assert platforms.post("x").json()["detail"] == "Unauthorized"
    assert platforms.post("x").json()["title"] == "CreditsDepleted"
    assert "duplicate content" in platforms.post("x").json()["detail"]
    revoked = platforms.post("facebook").json()["error"]
    assert (revoked["code"], revoked["error_subcode"]) == (190, 460)
    assert platforms.post("facebook").json()["error"]["code"] == 506
    assert platforms.accepted("x") + platforms.accepted("facebook") == 0


def test_a_fault_that_accepts_does_not_excuse_a_wrong_post(platforms: Platforms) -> None:
    platforms.fail("x", "accept-then-500")
    assert platforms.x.post("/2/tweets", json={"text": ""}).status_code == 400


def test_faults_strike_where_they_were_aimed(platforms: Platforms) -> None:
    timeline = f"/2/users/{USER_ID}/tweets"
    platforms.fail("x", "500", on="look-up", times=2)

    assert platforms.post("x").status_code == 201
    assert [platforms.x.get(timeline).status_code for _ in range(3)] == [503, 503, 200]

    platforms.fail("x", "401", on="any", times=None)
    assert platforms.x.get("/2/users/me").status_code == 401
    assert platforms.x.get(timeline).status_code == 401
    cleared = requests.delete(
        f"{platforms.sandbox.http_url}/_sandbox/faults?platform=x", timeout=10
    )
    assert cleared.status_code == 204
    assert platforms.x.get(timeline).status_code == 200


def test_a_lagging_index_strikes_look_ups_only(platforms: Platforms) -> None:
    timeline = f"/2/users/{USER_ID}/tweets"
    platforms.fail("x", "index-lag", on="any", times=None, seconds=3600)

    assert platforms.post("x").status_code == 201
    assert platforms.x.get(timeline).json()["meta"]["result_count"] == 0
    platforms.sandbox.faults.clear("x")
    assert platforms.x.get(timeline).json()["meta"]["result_count"] == 1


def test_the_server_stops_while_requests_hang(platforms: Platforms, smtp: smtplib.SMTP) -> None:
    """A client that sends half a request and one that waits must not hold it up."""
    platforms.fail("x", "hang", seconds=600)
    platforms.fail("email", "hang", seconds=600)
    smtp.ehlo()
    smtp.mail("a@a.example")
    smtp.rcpt("b@b.example")
    smtp.docmd("DATA")
    smtp.send(b"Text\r\n.\r\n")
    body = b'{"text":"Haengt"}'
    head, address = request_bytes(platforms, body)
    with (
        socket.create_connection(address, timeout=10) as hanging,
        socket.create_connection(address, timeout=10) as half,
    ):
        hanging.sendall(head + body)
        half.sendall(head[:20])
        while not (platforms.accepted("x") and platforms.accepted("email")):
            time.sleep(0.01)

        stopping = threading.Thread(target=platforms.sandbox.stop)
        stopping.start()
        stopping.join(timeout=10)

        assert not stopping.is_alive()
        assert hanging.recv(1) == b""


def test_mail_refused_by_content(sandbox: SandboxServer, smtp: smtplib.SMTP) -> None:
    codes = []
    for name in ("451", "550"):
        sandbox.faults.switch_on("email", Fault(name))
        with pytest.raises(smtplib.SMTPDataError) as refusal:
            smtp.sendmail("a@a.example", ["b@b.example"], b"Text")
        codes.append(refusal.value.smtp_code)

    assert codes == [451, 550]
    assert sandbox.store.accepted("email") == []
    smtp.sendmail("a@a.example", ["b@b.example"], b"Text")


@pytest.mark.parametrize("fault", [Fault("drop-after-data"), Fault("hang", seconds=0.05)])
def test_mail_accepted_without_an_answer(
    sandbox: SandboxServer, smtp: smtplib.SMTP, fault: Fault
) -> None:
    sandbox.faults.switch_on("email", fault)

    with pytest.raises((smtplib.SMTPServerDisconnected, ConnectionError)):
        smtp.sendmail("a@a.example", ["b@b.example"], b"Text")

    assert len(sandbox.store.accepted("email")) == 1


IMPOSSIBLE = [
    {"platform": "y", "fault": "500"},
    {"platform": "x", "fault": "nothing"},
    {"platform": "email", "fault": "garbage-json"},
    {"platform": "x"},
    {"platform": ["x"], "fault": "500"},
    {"platform": "x", "fault": ["500"]},
    {"platform": "x", "fault": "500", "times": 0},
    {"platform": "x", "fault": "500", "times": "oft"},
    {"platform": "x", "fault": "500", "times": 1e999},
    {"platform": "x", "fault": "500", "seconds": -1},
    {"platform": "x", "fault": "500", "seconds": "nan"},
    {"platform": "x", "fault": "500", "on": "monday"},
    {"platform": "x-2", "fault": "500"},
    {"platform": "email", "fault": "index-lag"},
    [],
    7,
]


def test_an_impossible_fault_is_refused(
    sandbox: SandboxServer, web: requests.Session, subtests: pytest.Subtests
) -> None:
    for body in IMPOSSIBLE:
        with subtests.test(body=body):
            answer = web.post(
                "/_sandbox/faults",
                data=json.dumps(body),
                headers={"Content-Type": "application/json"},
            )
            assert answer.status_code == 400
            assert answer.json()["error"]
            assert sandbox.faults.waiting("x") == ()


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(Call), st.integers(1, 3), st.sampled_from(["500", "401"])),
        max_size=6,
    ),
    st.lists(st.sampled_from([Call.PUBLISH, Call.LOOK_UP, Call.OTHER]), max_size=30),
)
def test_faults_are_used_up_in_order(
    switched_on: list[tuple[Call, int, str]], calls: list[Call]
) -> None:
    board = FaultBoard()
    left = [[on, name] for on, times, name in switched_on for _ in range(times)]
    for on, times, name in switched_on:
        board.switch_on("x", Fault(name, times, on))

    for call in calls:
        expected = next((one for one in left if one[0] in (Call.ANY, call)), None)
        taken = board.take("x", call)
        assert (taken and [taken.on, taken.name]) == expected
        if expected:
            left.remove(expected)
    assert sum(fault.times or 0 for fault in board.waiting("x")) == len(left)
