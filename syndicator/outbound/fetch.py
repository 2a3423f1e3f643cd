"""Fetches a document that a person named by its URL."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urljoin, urlsplit

import requests

from syndicator.outbound.connecting import NameNotResolved, PrivateAddressRefused
from syndicator.outbound.deadline import Deadline, DeadlinePassed
from syndicator.outbound.http import AnswerTooLarge, NotSent, OutboundSession, make_session
from syndicator.wording import Wording, gettext_noop

MOST_REDIRECTS = 5
LARGEST_DOCUMENT = 20 * 1024 * 1024
TOTAL_TIME = timedelta(seconds=20)
USER_AGENT = "Syndicator (live blog import)"

NOT_A_WEB_ADDRESS = Wording(
    gettext_noop("This is not a web address: it has to begin with https:// or http://.")
)
WITH_PASSWORD = Wording(gettext_noop("Addresses with a user name or password are not fetched."))
PRIVATE = Wording(
    gettext_noop("%(host)s is inside a private network; only public pages are fetched.")
)
NO_SUCH_HOST = Wording(gettext_noop("There is no server called %(host)s."))
NOT_REACHED = Wording(gettext_noop("No connection to %(host)s could be made."))
BROKEN_OFF = Wording(gettext_noop("%(host)s broke the transfer off."))
TOO_SLOW = Wording(gettext_noop("The page did not arrive within %(seconds)s seconds."))
TOO_LARGE = Wording(gettext_noop("The page is larger than %(megabytes)s MB."))
TOO_MANY_REDIRECTS = Wording(gettext_noop("The address was forwarded more than %(most)s times."))
NOT_OK = Wording(gettext_noop("%(host)s answered with status %(status)s instead of the page."))


class FetchRefused(Exception):
    """The document was not fetched; *reason* is a sentence for the person who asked for it."""

    def __init__(self, reason: Wording) -> None:
        super().__init__(str(reason))
        self.reason = reason


def fetch_document(
    url: str,
    *,
    allow_private_addresses: bool = False,
    total_time: timedelta = TOTAL_TIME,
    largest: int = LARGEST_DOCUMENT,
) -> bytes:
    """The bytes at *url* (http or https), after at most `MOST_REDIRECTS` redirects.

    Each redirect's target is checked like *url* itself. *largest* is in bytes after decoding.
    Raises `FetchRefused`.
    """
    with (
        Deadline(total_time) as deadline,
        make_session(
            deadline, allow_private_addresses=allow_private_addresses, largest_answer=largest
        ) as session,
    ):
        session.headers["User-Agent"] = USER_AGENT
        for _ in range(MOST_REDIRECTS + 1):
            response = _get(session, url, total_time, largest)
            if not response.is_redirect:
                break
            url = urljoin(url, response.headers["location"])
        else:
            raise FetchRefused(Wording(TOO_MANY_REDIRECTS.sentence, {"most": MOST_REDIRECTS}))
    if response.status_code != 200:
        raise FetchRefused(
            Wording(NOT_OK.sentence, {"host": _host(url), "status": response.status_code})
        )
    return response.content


def _get(
    session: OutboundSession, url: str, total_time: timedelta, largest: int
) -> requests.Response:
    host = _host(url)
    try:
        # Not `Session.get`: it follows redirects.
        return session.request("GET", url)
    except AnswerTooLarge:
        reason = Wording(TOO_LARGE.sentence, {"megabytes": largest // (1024 * 1024)})
    except (DeadlinePassed, requests.ReadTimeout):
        reason = Wording(TOO_SLOW.sentence, {"seconds": int(total_time.total_seconds())})
    except NotSent as error:
        reason = Wording(_sentence_for(error), {"host": host})
    except (requests.exceptions.InvalidURL, requests.exceptions.InvalidSchema):
        reason = NOT_A_WEB_ADDRESS
    except requests.RequestException:
        reason = Wording(BROKEN_OFF.sentence, {"host": host})
    raise FetchRefused(reason)


def _sentence_for(error: NotSent) -> str:
    match error.cause:
        case PrivateAddressRefused():
            return PRIVATE.sentence
        case NameNotResolved():
            return NO_SUCH_HOST.sentence
    return NOT_REACHED.sentence


def _host(url: str) -> str:
    """The host of *url*; `FetchRefused` if it is not one to fetch."""
    try:
        parts = urlsplit(url)
    except ValueError:
        raise FetchRefused(NOT_A_WEB_ADDRESS) from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise FetchRefused(NOT_A_WEB_ADDRESS)
    if parts.username is not None or parts.password is not None:
        raise FetchRefused(WITH_PASSWORD)
    return parts.hostname
