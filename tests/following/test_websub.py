from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, TypeVar

import pytest
import requests
from django.urls import reverse
from pytest_django.live_server_helper import LiveServer

from syndicator import queue, secrets
from syndicator.alerts.models import Alert
from syndicator.clock import database_now
from syndicator.entries.models import Entry
from syndicator.following import hub_calls, subscribing, switching
from syndicator.following.follow import follow
from syndicator.following.models import MOST_MISSIGNED, Following, HubState, HubSubscription
from tests.factories import make_blog
from tests.following.websub_hub import Publisher
from tests.rings import listening

Row = TypeVar("Row", Following, HubSubscription)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def publisher(live_server: LiveServer, settings: Any) -> Iterator[Publisher]:
    settings.BASE_URL = live_server.url
    made = Publisher()
    yield made
    made.stop()


@pytest.fixture
def following(publisher: Publisher) -> Following:
    """Followed, and looked at once."""
    made = switching.begin(make_blog(), "seite", publisher.url, "liveblog-json")
    assert follow(made.pk)
    return fresh(made)


@pytest.fixture
def hub(following: Following) -> HubSubscription:
    """Subscribed and confirmed."""
    made = current(following)
    assert subscribing.ask(made.pk)
    return fresh(made)


def fresh(row: Row) -> Row:
    return type(row).objects.get(pk=row.pk)


def current(following: Following) -> HubSubscription:
    found = fresh(following).hub
    assert found is not None
    return found


def rewind(row: Following | HubSubscription, **back: timedelta) -> None:
    """As if the times of *row* were so much longer ago."""
    values = {name: getattr(fresh(row), name) - by for name, by in back.items()}
    type(row).objects.filter(pk=row.pk).update(**values)


def look(following: Following) -> Following:
    """The next look, as if it were due, and the last one a while ago."""
    names = ("asked_at", "answered_at")
    rewind(following, **dict.fromkeys(names, timedelta(minutes=1)))
    Following.objects.filter(pk=following.pk).update(due_at=database_now())
    assert follow(following.pk)
    return fresh(following)


def wait_of(following: Following) -> float:
    assert following.due_at is not None
    assert following.answered_at is not None
    return (following.due_at - following.answered_at).total_seconds()


def test_a_hub_that_the_source_names_is_asked_and_confirms(
    publisher: Publisher, following: Following
) -> None:
    made = current(following)
    assert (made.state, made.hub_url) == (HubState.WANTED, publisher.hubs[0].url)
    assert subscribing.ask(made.pk)
    (form,) = publisher.hubs[0].asked
    assert form["hub.mode"] == "subscribe"
    assert form["hub.topic"] == publisher.topic
    assert form["hub.lease_seconds"] == "864000"
    assert secrets.decrypt(made.encrypted_secrets) == {"secret": form["hub.secret"]}
    assert len(form["hub.secret"]) >= 32
    assert made.token in form["hub.callback"]
    assert publisher.hubs[0].confirmed == [200]
    live = fresh(made)
    assert live.is_live(database_now())
    assert live.failures == 0
    assert live.due_at is not None
    assert live.lease_until is not None
    assert database_now() < live.due_at < live.lease_until
    assert not subscribing.ask(made.pk)


def test_what_is_asked_stands_written_before_the_hub_hears_of_it(
    publisher: Publisher, following: Following
) -> None:
    seen = []
    made = current(following)

    def take(form: dict[str, str]) -> int:
        row = fresh(made)
        seen.append((row.state, row.asked_at is not None, subscribing.ask(made.pk)))
        return 202

    publisher.hubs[0].take = take  # type: ignore[method-assign]
    subscribing.ask(made.pk)
    assert seen == [(HubState.ASKED, True, False)]


def test_a_rightly_signed_call_has_the_source_looked_at(
    publisher: Publisher, following: Following, hub: HubSubscription
) -> None:
    for number, method in enumerate(("sha1", "sha256", "sha384", "sha512"), start=1):
        look(following)
        rewind(following, asked_at=timedelta(minutes=1))
        publisher.publish()
        with listening("source") as rung:
            assert publisher.hubs[0].distribute(method=method) == [202]
            assert rung() == [(queue.FOLLOW_SOURCE, (following.pk,))]
        assert follow(following.pk)
        assert Entry.objects.filter(external_id__endswith=f":e{number}").exists()


def test_what_a_call_brings_along_is_not_believed(
    publisher: Publisher, following: Following, hub: HubSubscription
) -> None:
    look(following)
    rewind(following, asked_at=timedelta(minutes=1))
    forged = b'{"entries": [{"external_id": "forged", "headline": "Falsch"}]}'
    assert publisher.hubs[0].distribute(forged) == [202]
    assert follow(following.pk)
    assert not Entry.objects.filter(external_id__endswith="forged").exists()


def test_a_wrongly_signed_call_is_answered_and_has_no_effect(
    publisher: Publisher, following: Following, hub: HubSubscription
) -> None:
    before = look(following)
    zeros = "0" * 64
    for signature in ("", "sha256=", f"sha256={zeros}", "sha256", f"md5={zeros}", "sha256=ü"):
        wrong = {"X-Hub-Signature": signature.encode().decode("latin-1")}
        assert publisher.hubs[0].distribute(**wrong) == [202]
    assert fresh(following).due_at == before.due_at
    assert fresh(hub).pinged_at is None


def test_a_hub_cannot_drive_us(
    publisher: Publisher, following: Following, hub: HubSubscription
) -> None:
    look(following)
    looks = publisher.looks
    for _ in range(20):
        assert publisher.hubs[0].distribute() == [202]
        follow(following.pk)
    assert publisher.looks == looks
    due = fresh(following)
    assert due.due_at is not None
    assert due.asked_at is not None
    assert due.due_at - due.asked_at == timedelta(seconds=due.shortest)


def test_a_call_during_a_look_has_it_looked_at_again(
    publisher: Publisher, following: Following, hub: HubSubscription
) -> None:
    claimed = []

    def news_meanwhile() -> None:
        publisher.hubs[0].distribute()
        claimed.append(fresh(following).is_looked_at)

    publisher.during = news_meanwhile
    looked = look(following)
    assert claimed == [True]
    assert wait_of(looked) < 2 * looked.shortest


def test_a_source_that_fails_is_left_its_time(
    publisher: Publisher, following: Following, hub: HubSubscription
) -> None:
    Following.objects.filter(pk=following.pk).update(failures=3)
    before = fresh(following).due_at
    rewind(following, asked_at=timedelta(minutes=1))
    publisher.hubs[0].distribute()
    assert fresh(following).due_at == before


def test_looking_becomes_rare_once_the_hub_tells_and_often_again_when_it_does_not(
    publisher: Publisher, following: Following, hub: HubSubscription
) -> None:
    assert wait_of(look(following)) < 2 * following.shortest
    publisher.publish()
    publisher.hubs[0].distribute()
    told = look(following)
    assert fresh(hub).is_telling(database_now())
    assert wait_of(told) >= told.longest
    for expected in (told.longest, told.shortest):
        publisher.publish()
        # What it told of before was seen long ago.
        rewind(hub, pinged_at=timedelta(hours=1))
        assert expected <= wait_of(look(following)) < 2 * expected
    publisher.publish()
    publisher.hubs[0].distribute()
    assert wait_of(look(following)) >= told.longest


def test_while_what_the_hub_told_of_is_not_there_yet_looking_is_frequent(
    publisher: Publisher, following: Following, hub: HubSubscription
) -> None:
    rewind(following, news_at=timedelta(minutes=10))
    publisher.hubs[0].distribute()
    for _ in range(3):
        # A cache between answers with the old page.
        assert wait_of(look(following)) < 2 * following.shortest
        rewind(hub, pinged_at=timedelta(seconds=20))
    publisher.publish()
    assert wait_of(look(following)) >= following.longest
    publisher.hubs[0].distribute()
    rewind(hub, pinged_at=timedelta(minutes=5))
    rewind(following, news_at=timedelta(minutes=10))
    assert wait_of(look(following)) >= following.longest, "it was nothing to us"


def test_when_the_lease_is_over_looking_is_as_before(
    publisher: Publisher, following: Following, hub: HubSubscription
) -> None:
    publisher.publish()
    publisher.hubs[0].distribute()
    assert wait_of(look(following)) >= following.longest
    HubSubscription.objects.update(lease_until=database_now() - timedelta(seconds=1))
    assert wait_of(look(following)) < 2 * following.shortest


def test_a_subscription_is_renewed_before_its_lease_ends(
    publisher: Publisher, following: Following
) -> None:
    publisher.hubs[0].lease = 3600
    made = current(following)
    subscribing.ask(made.pk)
    first = fresh(made)
    assert first.lease_until is not None
    assert first.due_at is not None
    assert first.verified_at is not None
    assert first.due_at - first.verified_at == timedelta(seconds=2880)
    rewind(first, due_at=timedelta(seconds=2881), lease_until=timedelta(seconds=2881))
    assert subscribing.ring_for_due() == 1
    assert subscribing.ask(made.pk)
    renewed = fresh(made)
    assert renewed.lease_until is not None
    assert renewed.lease_until > database_now() + timedelta(seconds=3500)
    one, other = publisher.hubs[0].asked
    assert one == other


def test_while_it_is_renewed_a_subscription_goes_on(
    publisher: Publisher, following: Following, hub: HubSubscription
) -> None:
    publisher.hubs[0].confirms = "never"
    HubSubscription.objects.update(due_at=database_now())
    assert subscribing.ask(hub.pk)
    assert fresh(hub).is_live(database_now())
    assert publisher.hubs[0].distribute() == [202]
    assert fresh(hub).pinged_at is not None


def test_a_hub_that_does_not_take_the_request_is_asked_again_later_and_later(
    publisher: Publisher, following: Following
) -> None:
    made = current(following)
    waits = []
    for status in (0, 400, 404, 500, 503):
        publisher.hubs[0].status = status
        assert subscribing.ask(made.pk)
        row = fresh(made)
        said = "not reached" if status == 0 else str(status)
        assert said in str(row.problem_wording)
        assert row.due_at is not None
        waits.append(round((row.due_at - database_now()).total_seconds() / 60))
        HubSubscription.objects.update(due_at=database_now())
    assert waits == [1, 2, 4, 8, 16]
    assert wait_of(look(following)) < 2 * following.shortest
    publisher.hubs[0].status = 202
    assert subscribing.ask(made.pk)
    assert fresh(made).is_live(database_now())
    assert (fresh(made).failures, fresh(made).problem) == (0, None)


def test_a_hub_may_say_when_to_come_back(publisher: Publisher, following: Following) -> None:
    publisher.hubs[0].status = 503
    publisher.hubs[0].headers = {"Retry_After": "3600"}
    made = current(following)
    subscribing.ask(made.pk)
    due_at = fresh(made).due_at
    assert due_at is not None
    assert due_at > database_now() + timedelta(minutes=59)


def test_a_hub_may_confirm_later_or_be_asked_again(
    publisher: Publisher, following: Following
) -> None:
    publisher.hubs[0].confirms = "later"
    made = current(following)
    subscribing.ask(made.pk)
    waiting = fresh(made)
    assert (waiting.state, waiting.is_live(database_now())) == (HubState.ASKED, False)
    HubSubscription.objects.update(due_at=database_now())
    subscribing.ask(made.pk)
    assert "did not confirm" in str(fresh(made).problem_wording)
    assert publisher.hubs[0].confirm(publisher.hubs[0].asked[0])
    assert fresh(made).is_live(database_now())
    assert fresh(made).problem is None


def test_a_redirect_that_keeps_the_method_is_followed(
    publisher: Publisher, following: Following
) -> None:
    publisher.hubs[0].status = 307
    publisher.hubs[0].headers = {"Location": "/hub/1"}
    made = current(following)
    subscribing.ask(made.pk)
    assert fresh(made).is_live(database_now())
    publisher.hubs[1].status, publisher.hubs[1].headers = 308, {"Location": "/hub/0"}
    HubSubscription.objects.update(due_at=database_now())
    subscribing.ask(made.pk)
    assert "308" in str(fresh(made).problem_wording) or "307" in str(fresh(made).problem_wording)


def test_a_hub_in_a_private_network_is_not_called(
    publisher: Publisher, following: Following, settings: Any
) -> None:
    settings.BASE_URL, settings.ALLOW_PRIVATE_ADDRESSES = "https://desk.example.org", False
    made = current(following)
    assert subscribing.ask(made.pk)
    assert not publisher.hubs[0].asked
    assert "was not reached" in str(fresh(made).problem_wording)


def test_a_denial_is_told_and_asked_about_again_next_day(
    publisher: Publisher, following: Following, hub: HubSubscription
) -> None:
    (form,) = publisher.hubs[0].asked
    assert publisher.hubs[0].deny(form, "over\0 quota") == 200
    denied = fresh(hub)
    assert denied.state == HubState.DENIED
    assert not denied.is_live(database_now())
    assert "over quota" in str(denied.problem_wording)
    look(following)
    assert current(following).pk == hub.pk
    assert not subscribing.ask(hub.pk)
    rewind(hub, due_at=hub_calls.DENIED_FOR)
    assert subscribing.ask(hub.pk)
    assert fresh(hub).is_live(database_now())


def test_only_what_we_asked_for_is_confirmed(publisher: Publisher, following: Following) -> None:
    publisher.hubs[0].confirms = "later"
    made = current(following)
    subscribing.ask(made.pk)
    (form,) = publisher.hubs[0].asked
    for other in (
        {"hub.topic": "http://127.0.0.1/other"},
        {"hub.mode": "unsubscribe"},
        {"hub.mode": "publish"},
        {"hub.challenge": ""},
        {"hub.challenge": "x" * 5000},
    ):
        assert not publisher.hubs[0].confirm(form, **other)
    elsewhere = {**form, "hub.callback": form["hub.callback"].replace(made.token, "nobody")}
    assert not publisher.hubs[0].confirm(elsewhere)
    assert publisher.hubs[0].confirmed == [404] * 6
    assert fresh(made).state == HubState.ASKED


def test_nothing_is_confirmed_before_it_is_asked_for(
    publisher: Publisher, following: Following
) -> None:
    made = current(following)
    form = {
        "hub.mode": "subscribe",
        "hub.topic": publisher.topic,
        "hub.callback": subscribing.callback_url(made),
        "hub.secret": "",
    }
    assert not publisher.hubs[0].confirm(form)
    assert fresh(made).state == HubState.WANTED


def test_a_challenge_is_answered_as_plain_text(
    publisher: Publisher, following: Following, hub: HubSubscription
) -> None:
    script = "<script>alert(1)</script>"
    answer = requests.get(
        subscribing.callback_url(hub),
        {"hub.mode": "subscribe", "hub.topic": publisher.topic, "hub.challenge": script},
        timeout=10,
    )
    assert answer.text == script
    assert answer.headers["Content-Type"].startswith("text/plain")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_another_hub_takes_the_place_of_the_one_before(
    publisher: Publisher, following: Following, hub: HubSubscription
) -> None:
    publisher.named_hub = 1
    publisher.publish()
    look(following)
    other = current(following)
    assert (other.pk != hub.pk, other.hub_url) == (True, publisher.hubs[1].url)
    assert other.token != hub.token
    assert subscribing.ring_for_due() == 2
    for row in (hub, other):
        assert subscribing.ask(row.pk)
    assert publisher.hubs[0].asked[-1]["hub.mode"] == "unsubscribe"
    assert "hub.secret" not in publisher.hubs[0].asked[-1]
    assert not publisher.hubs[0].subscribers
    assert fresh(hub).state == HubState.ENDED
    assert fresh(other).is_live(database_now())


def test_switched_off_it_is_unsubscribed_and_switched_on_subscribed_again(
    publisher: Publisher, following: Following, hub: HubSubscription
) -> None:
    old_subscribers = dict(publisher.hubs[0].subscribers)
    assert switching.switch_off(following.pk)
    publisher.hubs[0].confirms = "later"
    for _ in range(subscribing.MOST_GOODBYES):
        assert fresh(hub).state == HubState.ENDING
        HubSubscription.objects.update(due_at=database_now())
        assert subscribing.ask(hub.pk)
    # It never confirmed; its lease ends some time.
    assert fresh(hub).state == HubState.ENDED
    publisher.hubs[0].subscribers = old_subscribers
    assert publisher.hubs[0].distribute() == [410]
    assert fresh(following).due_at is None
    publisher.hubs[0].confirms = "first"
    assert switching.switch_on(following.pk)
    again = current(following)
    assert again.pk != hub.pk
    assert subscribing.ask(again.pk)
    assert fresh(again).is_live(database_now())


def test_switched_off_before_it_was_asked_a_hub_never_hears_of_us(
    publisher: Publisher, following: Following
) -> None:
    made = current(following)
    switching.switch_off(following.pk)
    assert fresh(made).state == HubState.ENDED
    assert subscribing.ring_for_due() == 0
    assert not publisher.hubs[0].asked


def test_what_is_switched_off_while_a_hub_is_asked_is_unsubscribed(
    publisher: Publisher, following: Following
) -> None:
    made = current(following)
    take = publisher.hubs[0].take

    def switched_off_meanwhile(form: dict[str, str]) -> int:
        if form["hub.mode"] == "subscribe":
            switching.switch_off(following.pk)
        return take(form)

    publisher.hubs[0].take = switched_off_meanwhile  # type: ignore[method-assign]
    assert subscribing.ask(made.pk)
    assert fresh(made).state == HubState.ENDING
    assert publisher.hubs[0].confirmed == [404]
    assert subscribing.ask(made.pk)
    assert fresh(made).state == HubState.ENDED


def test_a_page_that_names_no_hub_for_once_ends_nothing(
    publisher: Publisher, following: Following, hub: HubSubscription
) -> None:
    publisher.names_hubs = False
    publisher.publish()
    look(following)
    assert current(following).pk == hub.pk


def test_calls_are_bounded(publisher: Publisher, hub: HubSubscription) -> None:
    url = subscribing.callback_url(hub)
    too_big = requests.Request("POST", url, headers={"Content-Length": "30000000"}).prepare()
    too_big.headers["Content-Length"] = "30000000"
    with requests.Session() as session:
        assert session.send(too_big, timeout=10).status_code == 413
    assert requests.post(url.replace(hub.token, "x"), timeout=10).status_code == 404
    assert requests.put(url, timeout=10).status_code == 405
    # More than a form may have, and signed all the same.
    assert publisher.hubs[0].distribute(b"x" * 5_000_000) == [202]
    assert fresh(hub).pinged_at is not None


def test_a_secret_that_no_key_decrypts_is_replaced_at_the_next_request(
    publisher: Publisher, hub: HubSubscription
) -> None:
    HubSubscription.objects.update(encrypted_secrets="gAAAA", due_at=database_now())
    assert publisher.hubs[0].distribute() == [202]
    assert fresh(hub).pinged_at is None
    assert subscribing.ask(hub.pk)
    assert publisher.hubs[0].distribute() == [202]
    assert fresh(hub).pinged_at is not None


def test_a_desk_on_this_machine_subscribes_to_nothing(publisher: Publisher) -> None:
    made = switching.begin(make_blog(), "seite", publisher.url, "liveblog-json")
    from syndicator.following import hubs

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(hubs, "can_be_called", lambda: False)
        assert follow(made.pk)
    assert not HubSubscription.objects.exists()


def test_the_address_is_what_hubs_are_told(hub: HubSubscription) -> None:
    path = reverse("following:hub_calls", args=[hub.token])
    assert path == f"/websub/{hub.token}/"


def alerts() -> list[str]:
    """The titles of those that last."""
    return [str(alert.title_wording) for alert in Alert.objects.filter(ended_at=None)]


def ask_in_vain(hub: HubSubscription, times: int = 1) -> None:
    for _ in range(times):
        HubSubscription.objects.filter(pk=hub.pk).update(due_at=database_now())
        assert subscribing.ask(hub.pk)


@pytest.mark.parametrize("how", ["refuses", "is not reached", "does not confirm"])
def test_a_hub_that_does_not_grant_it_raises_an_alert_until_it_does(
    publisher: Publisher, following: Following, how: str
) -> None:
    hub = publisher.hubs[0]
    hub.status = {"refuses": 403, "is not reached": 0, "does not confirm": 202}[how]
    hub.confirms = "never"
    made = current(following)
    ask_in_vain(made, 2)
    assert alerts() == []
    ask_in_vain(made, 2)
    (title,) = alerts()
    assert "127.0.0.1" in title
    assert str(following.source.blog) in title
    text = str(Alert.objects.get().text_wording)
    assert str(fresh(made).problem_wording) in text
    assert "looked at as often as without a hub" in text
    hub.status, hub.confirms = 202, "first"
    ask_in_vain(made)
    assert fresh(made).is_live(database_now())
    assert alerts() == []


def test_a_lease_that_is_not_renewed_raises_an_alert_once_it_is_over(
    publisher: Publisher, following: Following, hub: HubSubscription
) -> None:
    publisher.hubs[0].status = 500
    ask_in_vain(hub, 5)
    assert alerts() == [], "it still calls"
    HubSubscription.objects.update(lease_until=database_now() + timedelta(seconds=90))
    ask_in_vain(hub)
    trying = fresh(hub)
    assert trying.due_at == trying.lease_until, "not hours later"
    HubSubscription.objects.update(lease_until=database_now() - timedelta(seconds=1))
    ask_in_vain(hub)
    assert len(alerts()) == 1
    publisher.hubs[0].status = 202
    ask_in_vain(hub)
    assert alerts() == []


def test_a_denial_raises_an_alert_at_once(
    publisher: Publisher, following: Following, hub: HubSubscription
) -> None:
    (form,) = publisher.hubs[0].asked
    publisher.hubs[0].deny(form, "over quota")
    publisher.hubs[0].deny(form, "over quota")
    assert len(alerts()) == 1
    assert "over quota" in str(Alert.objects.get().text_wording)
    ask_in_vain(hub)
    assert alerts() == []


def test_calls_that_are_wrongly_signed_raise_an_alert_until_one_is_right(
    publisher: Publisher, following: Following, hub: HubSubscription
) -> None:
    publisher.publish()
    publisher.hubs[0].distribute()
    assert wait_of(look(following)) >= following.longest
    forged = {"X-Hub-Signature": f"sha256={'0' * 64}"}
    for _ in range(MOST_MISSIGNED - 1):
        publisher.hubs[0].distribute(**forged)
    assert alerts() == []
    publisher.hubs[0].distribute(**forged)
    assert len(alerts()) == 1
    assert "looked at as often as without a hub" in str(Alert.objects.get().text_wording)
    assert wait_of(look(following)) < 2 * following.shortest, "as the alert says"
    publisher.hubs[0].distribute(**forged)
    assert fresh(hub).missigned == MOST_MISSIGNED
    assert len(alerts()) == 1
    assert publisher.hubs[0].distribute() == [202]
    assert alerts() == []
    assert fresh(hub).missigned == 0


@pytest.mark.parametrize("how", ["switched off", "another hub"])
def test_an_alert_about_a_hub_ends_with_its_subscription(
    publisher: Publisher, following: Following, hub: HubSubscription, how: str
) -> None:
    (form,) = publisher.hubs[0].asked
    for _ in range(MOST_MISSIGNED):
        publisher.hubs[0].distribute(**{"X-Hub-Signature": "sha256=0"})
    publisher.hubs[0].deny(form, "over quota")
    assert len(alerts()) == 2
    if how == "switched off":
        switching.switch_off(following.pk)
    else:
        publisher.named_hub = 1
        publisher.publish()
        look(following)
    assert alerts() == []
    publisher.hubs[0].deny(form, "over quota")
    assert alerts() == [], "nothing is expected of it any more"
