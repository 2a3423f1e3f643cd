"""Fetches a document that a person named by its URL."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType
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
    """The document was not fetched; *reason* is a sentence for the person who asked for it.

    *status* is that of the answer, 0 if there was none; *headers* are its headers.
    """

    def __init__(
        self, reason: Wording, status: int = 0, headers: Mapping[str, str] = MappingProxyType({})
    ) -> None:
        super().__init__(str(reason))
        self.reason = reason
        self.status = status
        self.headers = headers


@dataclass(frozen=True, slots=True)
class Validators:
    """What an answer said of its version, to ask whether there is a newer one (RFC 9110, 8.8)."""

    etag: str = ""
    last_modified: str = ""

    @property
    def headers(self) -> dict[str, str]:
        said = {"If-None-Match": self.etag, "If-Modified-Since": self.last_modified}
        return {name: value for name, value in said.items() if value}


@dataclass(frozen=True, slots=True)
class Fetched:
    """*content* is what stands at *url*, where redirects led; None if nothing has changed.

    *links* are the values of its ``Link`` headers (RFC 8288).
    """

    url: str
    content: bytes | None
    validators: Validators = Validators()
    links: str = ""


def fetch_document(
    url: str,
    *,
    allow_private_addresses: bool = False,
    total_time: timedelta = TOTAL_TIME,
    largest: int = LARGEST_DOCUMENT,
) -> bytes:
    """The bytes at *url*; see `fetch`."""
    fetched = fetch(
        url,
        allow_private_addresses=allow_private_addresses,
        total_time=total_time,
        largest=largest,
    )
    assert fetched.content is not None, "only a conditional request is answered so"
    return fetched.content


def fetch(
    url: str,
    known: Validators | None = None,
    *,
    allow_private_addresses: bool = False,
    total_time: timedelta = TOTAL_TIME,
    largest: int = LARGEST_DOCUMENT,
    user_agent: str = USER_AGENT,
) -> Fetched:
    """What stands at *url* (http or https), after at most `MOST_REDIRECTS` redirects.

    Each redirect's target is checked like *url* itself. *largest* is in bytes after decoding.
    Where the version that *known* tells of is still the newest, there is no content. Raises
    `FetchRefused`.
    """
    with (
        Deadline(total_time) as deadline,
        make_session(
            deadline, allow_private_addresses=allow_private_addresses, largest_answer=largest
        ) as session,
    ):
        session.headers["User-Agent"] = user_agent
        session.headers.update(known.headers if known else {})
        for _ in range(MOST_REDIRECTS + 1):
            response = _get(session, url, total_time, largest)
            if not response.is_redirect:
                break
            url = _target(url, response.headers["location"])
        else:
            raise FetchRefused(Wording(TOO_MANY_REDIRECTS.sentence, {"most": MOST_REDIRECTS}))
    if known and known.headers and response.status_code == 304:
        return Fetched(url, None, known)
    if response.status_code != 200:
        raise FetchRefused(
            Wording(NOT_OK.sentence, {"host": _host(url), "status": response.status_code}),
            response.status_code,
            response.headers,
        )
    return Fetched(
        url,
        response.content,
        Validators(_header(response, "ETag"), _header(response, "Last-Modified")),
        _header(response, "Link", longest=4000),
    )


def _header(response: requests.Response, name: str, longest: int = 200) -> str:
    """A header's value, or nothing where it is too long to be kept and said again."""
    value = response.headers.get(name, "")
    return value if len(value) <= longest and value.isprintable() else ""


def _target(url: str, location: str) -> str:
    try:
        return urljoin(url, location)
    except ValueError:
        raise FetchRefused(NOT_A_WEB_ADDRESS) from None


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
