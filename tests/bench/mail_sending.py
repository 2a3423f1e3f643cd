"""Mailings, made and sent in a process of an installation; its functions return what they took."""

from __future__ import annotations

import resource
import smtplib
import sys
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from email.message import EmailMessage
from time import monotonic, perf_counter, sleep, thread_time
from typing import Any
from unittest import mock
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from django.core.mail import EmailMultiAlternatives, get_connection
from django.db import connection, transaction

from syndicator.channels.base import Message
from syndicator.channels.email.mime import UNSUBSCRIBE
from syndicator.channels.email.signing import Signer, new_key
from syndicator.channels.email.splicing import Form
from syndicator.clock import database_now
from syndicator.destinations.models import Destination
from syndicator.entries.models import LiveBlog
from syndicator.newsletter import fanout, lanes, relaying
from syndicator.newsletter.addressing import address
from syndicator.newsletter.models import (
    Lane,
    Mailing,
    MailingRecipient,
    MailingState,
    RecipientState,
    Subscriber,
    Subscription,
    SubscriptionState,
)
from syndicator.newsletter.progress import progress
from syndicator.warm_up import warm_up

PERMALINK = "https://m.example.org/lb#entry-17"
_SENTENCE = "In Genf haben die Vertreter beider Seiten am Abend weiter verhandelt, ohne Ergebnis. "
#: Octets of a mail, headers and both parts, by and large.
SIZE = 20_480


def message() -> Message:
    """One whose mail has about `SIZE` octets."""
    text = (_SENTENCE * 85).strip()
    html = "".join(f"<p>{_SENTENCE * 5}</p>\n" for _ in range(22))
    return Message(
        text=f"{text}\n\n{PERMALINK}",
        permalink=PERMALINK,
        subject="Weiter kein Ergebnis in Genf",
        html=f'<html><body><h1>Genf</h1>\n{html}<a href="{PERMALINK}">Weiter</a>\n'
        f"{UNSUBSCRIBE}>Abbestellen</a></body></html>",
        audience="genf",
        language="de",
    )


def subscribe(count: int) -> None:
    """So many readers of the live blog, written by the database itself."""
    blog = LiveBlog.objects.get()
    known = Subscriber.objects.count()
    now = database_now().isoformat()
    numbers = """WITH RECURSIVE numbers(i) AS (SELECT %s + 1 UNION ALL SELECT i + 1 FROM numbers
        WHERE i < %s)"""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO newsletter_subscriber (email, name, time_zone, created_at) "
            f"{numbers} SELECT 'reader-' || i || '@reader.example', '', '', %s FROM numbers",
            [known, count, now],
        )
        cursor.execute(
            "INSERT INTO newsletter_subscription (subscriber_id, blog_id, state, pace, daily_hour,"
            " confirmed_at) SELECT id, %s, 'active', 'entry', 7, %s FROM newsletter_subscriber"
            " WHERE id NOT IN (SELECT subscriber_id FROM newsletter_subscription)",
            [blog.pk, now],
        )
        if connection.vendor == "postgresql":
            cursor.execute("ANALYZE")


def destination(url: str, settings: dict[str, str]) -> int:
    """A relay to send through; its primary key. With ``dkim`` in *settings*, a key of its own."""
    if settings.pop("dkim", ""):
        settings |= {
            "dkim_domain": "paper.example",
            "dkim_selector": "s1",
            "dkim_key": new_key(),
        }
    made = Destination(
        name=f"Mail {Destination.objects.count()}", channel_name="email", base_url=url
    )
    made.settings = {"from_address": "news@paper.example", "from_name": "Morgenblatt", **settings}
    made.save()
    return int(made.pk)


def mailing(destination_id: int, count: int, lane: str = Lane.DIGEST) -> int:
    """A mailing to the first *count* readers; its primary key."""
    with transaction.atomic():
        made = Mailing.objects.create(
            destination_id=destination_id,
            blog=LiveBlog.objects.get(),
            key=f"bench-{Mailing.objects.count()}",
            lane=lane,
            message=message().to_json(),
            created_at=database_now(),
        )
        readers = Subscription.objects.filter(state=SubscriptionState.ACTIVE)
        address(made, readers.order_by("pk")[:count])
    return int(made.pk)


def send_all(mailing_id: int, begin: float = 0.0) -> float:
    """Send it from *begin* on, beside others or alone; the seconds until nothing is left."""
    connection.ensure_connection()
    warm_up()
    sleep(max(0.0, begin - monotonic()))
    began = monotonic()
    while Mailing.objects.filter(pk=mailing_id, state=MailingState.SENDING).exists():
        if not fanout.send_due(mailing_id):
            sleep(0.02)
    return monotonic() - began


def send_all_signing(mailing_id: int, begin: float = 0.0) -> float:
    """The same, signing in this process."""
    with mock.patch.object(fanout, "signing_processes", return_value=0):
        return send_all(mailing_id, begin)


def signing_processes() -> int:
    """How many sign beside a sender of a large mailing."""
    return lanes.spare_cores(senders=1)


def send_for(mailing_id: int, seconds: float) -> float:
    """Mails a second while one sender is at it for so long."""
    warm_up()
    fanout.SPAN = fanout.timedelta(seconds=seconds)
    began = monotonic()
    return fanout.send_due(mailing_id) / (monotonic() - began)


def counts(mailing_id: int) -> dict[str, int]:
    return {str(state): count for state, count in progress(mailing_id).items() if count}


def peak_of(mailing_id: int, seconds: float) -> float:
    """MiB that this process took at most, sending it for so long."""
    send_for(mailing_id, seconds)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def addressing_peak(destination_id: int, count: int) -> tuple[float, float]:
    """Seconds that addressing took, and MiB that this process took at most."""
    began = monotonic()
    mailing(destination_id, count)
    return monotonic() - began, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def statements(mailing_id: int) -> int:
    """How many statements sending it took."""
    made: Counter[str] = Counter()

    def count(execute: Callable[..., Any], *arguments: Any) -> Any:
        made["statements"] += 1
        return execute(*arguments)

    with connection.execute_wrapper(count):
        send_all(mailing_id)
    return made["statements"]


def shares(mailing_id: int) -> dict[str, float]:
    """Seconds: *wall* from due to all handed over; the time in which the *database* was waited
    for; CPU of *rendering* and *signing*, here or in processes beside this one; and *socket*, the
    event loop's other CPU."""
    spent: Counter[str] = Counter()

    def timed(name: str, function: Callable[..., Any], clock: Callable[[], float]) -> Any:
        def wrapper(*arguments: Any, **named: Any) -> Any:
            began = clock()
            try:
                return function(*arguments, **named)
            finally:
                spent[name] += clock() - began

        return wrapper

    with ExitStack() as patches:
        for place, name, part, clock in (
            (fanout, "claim_allowed", "database", perf_counter),
            (fanout, "record", "database", perf_counter),
            (Form, "begin", "rendering", thread_time),
            (Form, "finish", "rendering", thread_time),
            (Signer, "signature", "signing", thread_time),
            (relaying.Relaying, "_work", "loop", thread_time),
        ):
            wrapper = timed(part, getattr(place, name), clock)
            patches.enter_context(mock.patch.object(place, name, wrapper))
        wall = send_all(mailing_id)
    apart = resource.getrusage(resource.RUSAGE_CHILDREN)
    return {
        "wall": wall,
        "database": spent["database"],
        "rendering": spent["rendering"],
        "signing": spent["signing"] + apart.ru_utime + apart.ru_stime,
        "socket": spent["loop"] - spent["rendering"] - spent["signing"],
    }


def signing_rate(seconds: float, begin: float) -> float:
    """Bare RSA-2048 signatures a second in this process, of a mail's headers."""
    key = generate_private_key(65537, 2048)
    signer = Signer("paper.example", "s1", key)
    headers, body = b"from:news@paper.example\r\n" * 20, b"x" * 100
    sleep(max(0.0, begin - monotonic()))
    began, number = monotonic(), 0
    while monotonic() - began < seconds:
        signer.sign(headers, body)
        number += 1
    return number / (monotonic() - began)


def naive(url: str, count: int) -> float:
    """Mails a second of the loop that everybody writes first: build, connect, send, close."""
    parts, said, began = urlsplit(url), message(), monotonic()
    for number in range(count):
        mail = EmailMessage()
        mail["From"], mail["To"] = "news@paper.example", f"reader-{number}@reader.example"
        mail["Subject"] = said.subject
        mail.set_content(said.text)
        mail.add_alternative(said.html, subtype="html")
        with smtplib.SMTP(parts.hostname or "", parts.port or 25) as session:
            session.send_message(mail)
    return count / (monotonic() - began)


def through_django(url: str, count: int) -> float:
    """Mails a second of Django's own mail over one connection."""
    parts, said = urlsplit(url), message()
    backend = get_connection(
        "django.core.mail.backends.smtp.EmailBackend", host=parts.hostname, port=parts.port
    )
    began = monotonic()
    mails = []
    for number in range(count):
        mail = EmailMultiAlternatives(
            said.subject, said.text, "news@paper.example", [f"reader-{number}@reader.example"]
        )
        mail.attach_alternative(said.html, "text/html")
        mails.append(mail)
    backend.send_messages(mails)
    return count / (monotonic() - began)


def breaking_waits(destination_id: int, count: int) -> list[float]:
    """Milliseconds from a breaking mailing's commit to the relay's word, *count* times."""
    warm_up()  # as whoever makes such a mailing
    waits = []
    for _ in range(count):
        committed: list[float] = []
        with transaction.atomic():
            transaction.on_commit(lambda: committed.append(monotonic()))  # noqa: B023
            pk = mailing(destination_id, 1, Lane.BREAKING)
        (began,) = committed
        mails = MailingRecipient.objects.filter(mailing=pk, state=RecipientState.ACCEPTED)
        while not mails.exists():
            if monotonic() - began > 60:
                sys.exit("a breaking mail does not go out")
            sleep(0.002)
        waits.append((monotonic() - began) * 1000)
        sleep(0.3)
    return waits


def newest_mailing() -> int:
    return int(Mailing.objects.latest("pk").pk)
