"""What the desk is told about a mail server when an account is checked."""

from __future__ import annotations

from datetime import timedelta

import pytest

from syndicator.channels.base import Account, TryLater, Unauthorised
from syndicator.channels.email.signing import new_key
from syndicator.newsletter.channel import NewsletterChannel
from tests.channels.email.scripted_relay import ScriptedRelay
from tests.ports import quiet_port

SOON = timedelta(seconds=5)
KEY = new_key()


def account(url: str, **settings: str) -> Account:
    return Account(url, {"from_address": "news@mail.paper.example", **settings})


def test_a_mail_server_that_lets_us_in_is_said_to(relay: ScriptedRelay) -> None:
    said = NewsletterChannel().client(account(relay.url)).check(deadline=SOON)
    assert said.name == "news@mail.paper.example"
    assert (said.missing, said.notes) == ((), ())
    assert relay.connections == 1


@pytest.mark.parametrize(
    ("domain", "notes"), [("paper.example", 1), ("x.mail.paper.example", 1), ("mailer.example", 2)]
)
def test_who_signs_is_told_what_to_publish(relay: ScriptedRelay, domain: str, notes: int) -> None:
    signing = {"dkim_domain": domain, "dkim_selector": "s1", "dkim_key": KEY}
    said = NewsletterChannel().client(account(relay.url, **signing)).check(deadline=SOON)
    assert f"s1._domainkey.{domain} TXT “v=DKIM1; k=rsa; p=MII" in str(said.notes[0])
    assert len(said.notes) == notes


def test_a_key_that_cannot_be_read_is_told_before_anything_is_sent(relay: ScriptedRelay) -> None:
    signing = {"dkim_domain": "paper.example", "dkim_selector": "s1", "dkim_key": KEY[:200]}
    with pytest.raises(Unauthorised, match="The DKIM key cannot be read: "):
        NewsletterChannel().client(account(relay.url, **signing)).check(deadline=SOON)
    assert relay.connections == 0


def test_a_mail_server_that_is_away_is_away() -> None:
    with pytest.raises(TryLater):
        NewsletterChannel().client(account(f"smtp://127.0.0.1:{quiet_port()}")).check(deadline=SOON)


def test_signing_makes_no_other_account() -> None:
    channel, plain = NewsletterChannel(), {"from_address": "a@b.example", "from_name": "B"}
    assert channel.account_name({**plain, "dkim_domain": "b.example"}) == "a@b.example\nB\n"
    assert channel.account_name(plain) == "a@b.example\nB\n"
