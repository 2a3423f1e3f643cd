"""What a reader sets, leaves, takes along and has deleted; and links that do nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from itertools import product
from urllib.parse import quote

import pytest
from django.core.exceptions import ValidationError
from django.core.signing import Signer
from django.db.models import Model
from django.test import Client
from hypothesis import given, settings
from hypothesis import strategies as st

from syndicator.accounts import audit
from syndicator.accounts.models import AuditEntry
from syndicator.clock import database_now
from syndicator.destinations.models import Destination
from syndicator.entries.models import LiveBlog
from syndicator.newsletter.fanout import send_due
from syndicator.newsletter.models import (
    MailingRecipient,
    Pace,
    RecipientState,
    Subscriber,
    Subscription,
    SubscriptionState,
)
from syndicator.newsletter.pacing import AT_ONCE, set_pace
from syndicator.newsletter.progress import progress
from syndicator.newsletter.subscribing import (
    UnknownToken,
    find_by_preferences,
    leave,
    preferences_url,
    subscribe,
    unsubscribe,
    unsubscribe_url,
)
from syndicator.newsletter.suppressing import standing
from syndicator.signup import links
from syndicator.signup.confirming import confirm
from syndicator.signup.models import Ask, AskKind, Consent, SignUp
from tests.channels.email.scripted_relay import ScriptedRelay
from tests.factories import make_blog
from tests.newsletter.mailings import make_mailing
from tests.signup.reader import ANNA, LOST, fill_in, link_in, mailbox, text_of, time_passes

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sign_up")]


def path_of(url: str) -> str:
    return "/" + url.split("/", 3)[3]


@pytest.fixture
def anna(blog: LiveBlog) -> Subscription:
    return subscribe(ANNA, blog, "Anna", pace=Pace.HOURLY)


def choose(client: Client, one: Subscription, pace: str, hour: int = 7, zone: str = "") -> str:
    names = {f"s{one.pk}-pace": pace, f"s{one.pk}-daily_hour": str(hour), "time_zone": zone}
    return client.post(path_of(preferences_url(one.pk)), {"act": "save", **names}).text


def own_data(relay: ScriptedRelay) -> str:
    fill_in(at=LOST)
    return link_in(mailbox(relay)[-1], "own-data")


def test_pace_hour_and_zone_are_the_readers_to_set(client: Client, anna: Subscription) -> None:
    page = client.get(path_of(preferences_url(anna.pk))).text
    assert "a•••@reader.example" in page
    assert ANNA not in page
    assert "Saved." in choose(client, anna, "daily", 18, "America/New_York")
    anna.refresh_from_db()
    assert (anna.pace, anna.daily_hour) == (Pace.DAILY, 18)
    assert anna.subscriber.time_zone == "America/New_York"
    for pace, hour, zone in (("weekly", 7, ""), ("daily", 24, ""), ("hourly", 7, "Mars/Olympus")):
        assert "Nothing was saved" in choose(client, anna, pace, hour, zone)
    anna.refresh_from_db()
    assert (anna.pace, anna.daily_hour) == (Pace.DAILY, 18)


def test_the_next_digest_neither_repeats_nor_skips(anna: Subscription) -> None:
    told = database_now() - timedelta(hours=5)
    for old, new in product(Pace, Pace):
        Subscription.objects.update(pace=old, told_until=told)
        before = database_now()
        set_pace(anna.pk, new, 7)
        anna.refresh_from_db()
        assert anna.pace == new
        assert anna.told_until
        if old in AT_ONCE and new not in AT_ONCE:
            assert before <= anna.told_until <= database_now()
        else:
            assert anna.told_until == told
    leave(anna.pk)
    set_pace(anna.pk, Pace.DAILY, 9)
    anna.refresh_from_db()
    assert anna.pace == new


def test_what_is_not_offered_any_more_may_stay(client: Client, anna: Subscription) -> None:
    SignUp.objects.update(paces=["daily"])
    assert "Saved." in choose(client, anna, "hourly")
    assert "Nothing was saved" in choose(client, anna, "entry")


def test_leaving_one_and_all(client: Client, anna: Subscription) -> None:
    second, third = (subscribe(ANNA, make_blog()) for _ in range(2))
    ben = subscribe("ben@reader.example", anna.blog)
    page = path_of(preferences_url(second.pk))
    client.post(page, {"act": f"leave-{ben.pk}"})
    client.post(page, {"act": "leave-²"})
    client.post(page, {"act": f"leave-{anna.pk}"})
    assert running() == {second.pk, third.pk, ben.pk}
    client.post(page, {"act": "leave-all"})
    assert running() == {ben.pk}
    assert "<fieldset>" not in client.get(page).text
    assert Subscription.objects.get(pk=second.pk).unsubscribed_at


def running() -> set[int]:
    active = Subscription.objects.filter(state=SubscriptionState.ACTIVE)
    return set(active.values_list("pk", flat=True))


def test_the_link_in_every_mail_opens_neither_data_nor_deletion(
    client: Client, relay: ScriptedRelay, anna: Subscription
) -> None:
    token = path_of(preferences_url(anna.pk)).split("/")[-2]
    for page in ("", "file/", "delete/"):
        assert client.post(f"/newsletter/own-data/{token}/{page}").status_code in (404, 405)
    client.post(path_of(preferences_url(anna.pk)), {"act": "link"})
    assert ANNA in client.get(link_in(mailbox(relay)[0], "own-data")).text


def test_a_lost_link_is_mailed_to_whom_it_belongs_only(
    relay: ScriptedRelay, anna: Subscription
) -> None:
    fill_in("nobody@reader.example", at=LOST)
    assert mailbox(relay, "nobody@reader.example") == []
    assert Ask.objects.get().state == "nothing"
    fill_in(at=LOST)
    (mail,) = mailbox(relay)
    assert "Live: Stadtrat" not in text_of(mail)
    link_in(mail, "preferences")


def test_everything_kept_is_in_the_file(
    client: Client, relay: ScriptedRelay, blog: LiveBlog, destination: Destination
) -> None:
    fill_in(pace="daily")
    client.post(link_in(mailbox(relay)[0], "confirm"), REMOTE_ADDR="192.0.2.7")
    Subscription.objects.update(pace=Pace.EVERY_ENTRY)
    mailing = make_mailing(destination, blog)
    send_due(mailing.pk)
    page = own_data(relay)
    assert client.get(f"{page}file/").status_code == 405
    answer = client.post(f"{page}file/")
    assert answer["Content-Disposition"].startswith("attachment")
    told = json.loads(answer.content)
    assert told["address"] == ANNA
    assert told["subscriptions"][0]["consents"][0]["confirmed_from"] == "192.0.2.0/24"
    assert [mail["state"] for mail in told["mails"]] == ["accepted"]
    assert [ask["what"] for ask in told["asked_for"]] == ["subscribe", "own_data"]


def test_who_is_erased_leaves_numbers_behind_and_no_address(
    client: Client, relay: ScriptedRelay, blog: LiveBlog, destination: Destination
) -> None:
    fill_in()
    asked = link_in(mailbox(relay)[0], "confirm")
    client.post(asked)
    anna = Subscription.objects.get()
    audit.record(None, "removed", anna)
    sent = make_mailing(destination, blog, "ben@reader.example")
    send_due(sent.pk)
    waiting = make_mailing(destination, make_blog(language="en"), ANNA)
    counts = progress(sent.pk)
    page = own_data(relay)

    assert client.get(f"{page}delete/").status_code == 200
    assert Subscriber.objects.filter(email=ANNA).exists()
    assert "We know nothing of you" in client.post(f"{page}delete/").text

    assert progress(sent.pk) == counts
    assert waiting.recipients.get().state == RecipientState.SUPPRESSED
    assert stored(ANNA) == []
    assert not Consent.objects.exists()
    for link in (asked, page, path_of(preferences_url(anna.pk))):
        assert client.post(link, {"act": "save"}).status_code in (404, 405)
        assert client.get(link).status_code == 404
    assert client.post(path_of(unsubscribe_url(anna.pk))).status_code == 404
    assert send_due(sent.pk) == send_due(waiting.pk) == 0

    with pytest.raises(ValidationError):
        subscribe(ANNA, blog)
    assert set(standing([ANNA, "ben@reader.example"], blog)) == {ANNA}
    fill_in()
    client.post(link_in(mailbox(relay)[-1], "confirm"))
    assert Subscriber.objects.filter(email=ANNA).exists()
    assert not standing([ANNA], blog)


def test_erasing_waits_for_a_mail_under_way(
    client: Client, relay: ScriptedRelay, anna: Subscription, destination: Destination
) -> None:
    Subscription.objects.update(pace=Pace.EVERY_ENTRY)
    mailing = make_mailing(destination, anna.blog)
    page = own_data(relay)
    mailing.recipients.update(state=RecipientState.IN_FLIGHT)
    assert "once more in a minute" in client.post(f"{page}delete/").text
    assert running() == set()
    mailing.recipients.update(state=RecipientState.ACCEPTED)
    assert "We know nothing of you" in client.post(f"{page}delete/").text
    assert MailingRecipient.objects.get().address == ""


def stored(text: str) -> list[str]:
    """The tables of the newsletter in which *text* stands anywhere."""
    found = []
    for model in (Subscriber, Subscription, MailingRecipient, Ask, Consent, AuditEntry, SignUp):
        assert issubclass(model, Model)
        rows = model._base_manager.values()
        found += [model.__name__ for row in rows if text in repr(row)]
    return found


@pytest.fixture
def tokens(anna: Subscription, relay: ScriptedRelay) -> dict[str, str]:
    """A good link of each kind: for Anna, who is on one list, and Ben, who is about to be."""
    fill_in("ben@reader.example", pace="daily")
    (mail,) = mailbox(relay, "ben@reader.example")
    links = {
        "confirm": link_in(mail, "confirm"),
        "own-data": own_data(relay),
        "preferences": path_of(preferences_url(anna.pk)),
        "unsubscribe": path_of(unsubscribe_url(anna.pk)),
    }
    return {page: path.split("/")[-2] for page, path in links.items()}


ACTS: dict[str, Callable[[str], tuple[str, dict[str, str]]]] = {
    "confirm": lambda token: (f"/newsletter/confirm/{token}/", {}),
    "own-data": lambda token: (f"/newsletter/own-data/{token}/delete/", {}),
    "preferences": lambda token: (f"/newsletter/preferences/{token}/", {"act": "leave-all"}),
    "unsubscribe": lambda token: (f"/newsletter/unsubscribe/{token}/", {}),
}


def opens_nothing(page: str, token: str) -> None:
    match page:
        case "confirm":
            with pytest.raises(links.UnknownLink):
                confirm(token, "")
        case "own-data":
            with pytest.raises(links.UnknownLink):
                links.find(token, AskKind.OWN_DATA)
        case "preferences":
            with pytest.raises(UnknownToken):
                find_by_preferences(token)
        case _:
            with pytest.raises(UnknownToken):
                unsubscribe(token)


def rows() -> list[object]:
    models = (Subscription, Subscriber, Ask)
    return [list(model._base_manager.order_by("pk").values()) for model in models]


def nothing_happens(tried: list[tuple[str, str]]) -> None:
    before, client = rows(), Client()
    for page, token in tried:
        path, fields = ACTS[page](token)
        assert client.post(path, fields).status_code == 404, path
    assert rows() == before


def test_every_flipped_bit_makes_a_link_worthless(tokens: dict[str, str]) -> None:
    tried = []
    for page, token in tokens.items():
        for place, letter in enumerate(token):
            for bit in range(8):
                other = chr(ord(letter) ^ (1 << bit))
                tried.append((page, token[:place] + other + token[place + 1 :]))
    assert len(tried) > 1500
    for page, token in tried:
        opens_nothing(page, token)
    # And on the way through the pages.
    nothing_happens([(page, quote(token, safe="")) for page, token in tried[:: len(tried) // 40]])


def test_no_link_does_another_ones_work(tokens: dict[str, str], anna: Subscription) -> None:
    swapped = [(page, token) for page in tokens for of, token in tokens.items() if of != page]
    ids = {page: token.partition(".")[0] for page, token in tokens.items()}
    grafted = [
        (page, f"{ids[of]}.{tokens[page].rpartition('.')[2]}")
        for page in tokens
        for of in tokens
        if ids[of] != ids[page]
    ]
    made_up = [
        (page, Signer(salt=salt, sep=".").sign(str(anna.pk)))
        for page in tokens
        for salt in ("", "elsewhere", "syndicator.approval", "syndicator.link.invitation")
    ]
    assert len(swapped) == 12
    nothing_happens(swapped + grafted + made_up)


@settings(max_examples=100, deadline=None)
@given(token=st.text())
def test_no_text_is_a_link(token: str) -> None:
    for page in ACTS:
        opens_nothing(page, token)


def test_a_link_to_ones_data_ends(client: Client, relay: ScriptedRelay, anna: Subscription) -> None:
    page = own_data(relay)
    time_passes(timedelta(hours=48, seconds=1))
    assert client.get(page).status_code == 404
    assert client.post(f"{page}delete/").status_code == 404
    assert Subscriber.objects.exists()


def test_pages_are_kept_nowhere_told_nobody_and_set_no_cookie(
    client: Client, tokens: dict[str, str]
) -> None:
    pages = [f"/newsletter/{page}/{token}/" for page, token in tokens.items()]
    pages += ["/newsletter/subscribe/rat/", "/newsletter/subscribe/rat/asked/", LOST]
    pages += ["/newsletter/subscribe/rat/frame/", f"{pages[1]}delete/"]
    for page in pages:
        answer = client.get(page)
        assert answer.status_code == 200, page
        assert answer["Referrer-Policy"] == "no-referrer", page
        assert "no-store" in answer["Cache-Control"], page
        assert '<meta name="robots" content="noindex">' in answer.text
        framed = page.endswith("/frame/")
        assert answer.get("X-Frame-Options", "") == ("" if framed else "DENY"), page
        allowed = "https://magazin.example.org" if framed else "'none'"
        assert f"frame-ancestors {allowed};" in answer["Content-Security-Policy"] + ";", page
    assert not client.cookies
