"""Getting on a list and off it: addresses, tokens and the pages that mails link to."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError
from django.core.signing import Signer
from django.test import Client, override_settings
from hypothesis import given, settings
from hypothesis import strategies as st

from syndicator.entries.models import LiveBlog
from syndicator.newsletter.models import Subscriber, Subscription, SubscriptionState
from syndicator.newsletter.subscribing import (
    UnknownToken,
    normalise,
    subscribe,
    unsubscribe,
    unsubscribe_url,
)
from tests.factories import make_blog

pytestmark = pytest.mark.django_db


def token_of(subscription: Subscription) -> str:
    return unsubscribe_url(subscription.pk).rsplit("/", 2)[1]


def path_of(subscription: Subscription) -> str:
    return f"/newsletter/unsubscribe/{token_of(subscription)}/"


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        (" Anna.Muster@Reader.Example ", "anna.muster@reader.example"),
        ("anna+live@reader.example", "anna+live@reader.example"),
        ("anna@müller.example", "anna@xn--mller-kva.example"),
        ("anna@XN--Mller-kva.example", "anna@xn--mller-kva.example"),
    ],
)
def test_an_address_has_one_form(written: str, kept: str) -> None:
    assert normalise(written) == kept


@pytest.mark.parametrize(
    "written",
    [
        "",
        "anna",
        "anna@",
        "@reader.example",
        "anna@reader",
        "änna@reader.example",
        "anna@straße.example",
        "anna@reader..example",
        "anna@reader.example\nBcc: all@reader.example",
        '"anna muster"@reader.example',
        "Anna <anna@reader.example>",
        "a" * 300 + "@reader.example",
    ],
)
def test_what_mail_cannot_be_sent_to_is_refused(written: str) -> None:
    with pytest.raises(ValidationError):
        normalise(written)


@settings(max_examples=40)
@given(st.emails())
def test_normalising_twice_changes_nothing(written: str) -> None:
    try:
        once = normalise(written)
    except ValidationError:
        return
    assert normalise(once) == once


def test_one_person_has_one_subscription_per_blog(blog: LiveBlog) -> None:
    first = subscribe("anna@reader.example", blog, "Anna  Muster")
    again = subscribe("ANNA@reader.example", blog)
    other = subscribe("anna@reader.example", make_blog())
    assert first == again != other
    assert Subscriber.objects.get().name == "Anna Muster"


def test_who_has_left_comes_back_only_by_their_own_wish(blog: LiveBlog) -> None:
    left = unsubscribe(token_of(subscribe("anna@reader.example", blog)))
    assert left.state == SubscriptionState.UNSUBSCRIBED
    assert left.unsubscribed_at
    with pytest.raises(ValidationError):
        subscribe("anna@reader.example", blog)
    back = subscribe("anna@reader.example", blog, by_own_wish=True)
    assert (back.state, back.unsubscribed_at) == (SubscriptionState.ACTIVE, None)


def test_leaving_twice_keeps_the_first_time(blog: LiveBlog) -> None:
    token = token_of(subscribe("anna@reader.example", blog))
    assert unsubscribe(token).unsubscribed_at == unsubscribe(token).unsubscribed_at


def test_a_token_is_good_for_one_subscription_and_cannot_be_made_up(blog: LiveBlog) -> None:
    anna, ben = (subscribe(f"{name}@reader.example", blog) for name in ("anna", "ben"))
    stolen = token_of(anna).replace(str(anna.pk), str(ben.pk), 1)
    foreign = Signer(salt="elsewhere", sep=".").sign(str(ben.pk))
    deleted = token_of(anna)
    anna.delete()
    for token in (stolen, foreign, deleted, "", "1", "1.x"):
        with pytest.raises(UnknownToken):
            unsubscribe(token)
    ben.refresh_from_db()
    assert ben.state == SubscriptionState.ACTIVE


@override_settings(BASE_URL="https://liveblog.example.org")
def test_the_link_is_the_public_address_and_fits_a_header_line(blog: LiveBlog) -> None:
    url = unsubscribe_url(10**9)
    assert url.startswith("https://liveblog.example.org/newsletter/unsubscribe/1000000000.")
    assert url.isascii()
    assert len(url) < 200


def test_following_the_link_only_asks(client: Client, blog: LiveBlog) -> None:
    subscription = subscribe("anna@reader.example", blog)
    for answer in (client.get(path_of(subscription)), client.head(path_of(subscription))):
        assert answer.status_code == 200
    page = client.get(path_of(subscription)).content.decode()
    assert "Live: Stadtrat" in page
    assert "anna@reader.example" not in page
    assert '<form method="post">' in page
    subscription.refresh_from_db()
    assert subscription.state == SubscriptionState.ACTIVE


def test_the_form_acts(client: Client, blog: LiveBlog) -> None:
    subscription = subscribe("anna@reader.example", blog)
    assert client.post(path_of(subscription)).status_code == 200
    subscription.refresh_from_db()
    assert subscription.state == SubscriptionState.UNSUBSCRIBED


def test_one_click_of_a_mail_program_acts_without_cookie_or_login(blog: LiveBlog) -> None:
    subscription = subscribe("anna@reader.example", blog)
    mail_program = Client(enforce_csrf_checks=True)
    for _ in range(2):
        answer = mail_program.post(
            path_of(subscription),
            "List-Unsubscribe=One-Click",
            content_type="application/x-www-form-urlencoded",
        )
        assert answer.status_code == 200
    assert not mail_program.cookies
    subscription.refresh_from_db()
    assert subscription.state == SubscriptionState.UNSUBSCRIBED


def test_a_wrong_link_is_answered_politely_and_tells_nothing(
    client: Client, blog: LiveBlog
) -> None:
    subscription = subscribe("anna@reader.example", blog)
    wrong = path_of(subscription)[:-3] + "xx/"
    for answer in (client.get(wrong), client.post(wrong)):
        assert answer.status_code == 404
        page = answer.content.decode()
        assert "<h1>" in page
        assert "Stadtrat" not in page
    subscription.refresh_from_db()
    assert subscription.state == SubscriptionState.ACTIVE


def test_the_page_says_the_same_whether_or_not_one_was_subscribed(
    client: Client, blog: LiveBlog
) -> None:
    subscription = subscribe("anna@reader.example", blog)
    before = client.get(path_of(subscription)).content
    first = client.post(path_of(subscription)).content
    assert client.get(path_of(subscription)).content == before
    assert client.post(path_of(subscription)).content == first


def test_a_stored_title_is_escaped(client: Client) -> None:
    blog = make_blog(title="<script>alert(1)</script>", language="en")
    page = client.get(path_of(subscribe("anna@reader.example", blog))).content.decode()
    assert "<script>" not in page
