"""Signed calls to X for one account, by OAuth 1.0a or OAuth 2, through tweepy where that can.

tweepy 4.17 has no upload of media for the API v2; those calls are made with the same session and
the same signature, without it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, NoReturn
from urllib.parse import urlsplit

import requests
import tweepy

from syndicator.channels.base import Account, TryLater, Unauthorised, Unknown
from syndicator.channels.x import oauth2
from syndicator.channels.x.errors import TOKEN, UNCLEAR, UNREACHABLE, Problem, error_of
from syndicator.outbound.answers import json_object, redact
from syndicator.outbound.deadline import Deadline, DeadlinePassed
from syndicator.outbound.http import OutboundSession, did_not_act, make_session

OAUTH1_KEYS = ("consumer_key", "consumer_secret", "access_token", "access_token_secret")


class XConnection:
    """Makes one account's calls. The answer is returned whatever it is, and no answer at all is a
    `ChannelError`."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._settings = dict(account.settings)
        self._base_url = account.base_url.rstrip("/")
        self._is_oauth1 = has_oauth1(self._settings)

    @property
    def user_id(self) -> str:
        return user_id_of(self._settings)

    @property
    def scopes(self) -> frozenset[str] | None:
        """What the OAuth 2 token may do; None with OAuth 1.0a, which has no scopes."""
        return (
            None if self._is_oauth1 else frozenset(self._settings.get("oauth2_scopes", "").split())
        )

    @property
    def ends_at(self) -> datetime | None:
        """When a person has to connect the account anew; None if not foreseeable."""
        if self._is_oauth1 or self._settings.get("oauth2_refresh_token"):
            return None
        return oauth2.expiry(self._settings)

    def call(self, ends: Deadline, method: str, route: str, **what: Any) -> requests.Response:
        """One call with a query (*params*) or a *json* body."""
        return self._signed(ends, lambda: self._by_tweepy(ends, method, route, **what))

    def upload(
        self, ends: Deadline, route: str, fields: Mapping[str, str], media: bytes
    ) -> requests.Response:
        """One call with a multipart body, in which *media* is the file."""

        def post() -> requests.Response:
            with self._session(ends) as session:
                return session.request(
                    "POST",
                    self._base_url + route,
                    data=dict(fields),
                    files={"media": ("media", media, "application/octet-stream")},
                    **self._signature(),
                )

        return self._signed(ends, lambda: self._answered(ends, post))

    def fail(self, answer: requests.Response) -> NoReturn:
        """Raise what *answer*, which was no success, means for a post."""
        raise error_of(
            Problem.of(json_object(answer)),
            status=answer.status_code,
            headers=answer.headers,
            answer=answer.text,
            redacted=self.redacted,
            now=datetime.now(UTC),
        )

    def redacted(self, text: str) -> str:
        return redact(text, secrets_of(self._settings))

    def _signed(self, ends: Deadline, make: Callable[[], requests.Response]) -> requests.Response:
        """The call that *make* makes; once more with a renewed token, if X refuses the present one.

        A 401 is proof that nothing was done.
        """
        if self._is_oauth1:
            return make()
        if not self._settings.get("oauth2_access_token") or oauth2.is_over(self._settings):
            self._renew(ends)
            return make()
        answer = make()
        if answer.status_code == requests.codes.unauthorized and self._can_renew:
            self._renew(ends)
            answer = make()
        return answer

    @property
    def _can_renew(self) -> bool:
        return bool(self._settings.get("oauth2_refresh_token")) and self._account.renew is not None

    def _renew(self, ends: Deadline) -> None:
        if not self._can_renew:
            raise Unauthorised(TOKEN)
        assert self._account.renew is not None

        def exchange(newest: Mapping[str, str]) -> Mapping[str, str]:
            return oauth2.refresh(
                self._base_url,
                newest,
                ends,
                allow_private_addresses=self._account.allow_private_addresses,
            )

        self._settings |= self._account.renew(exchange)

    def _by_tweepy(self, ends: Deadline, method: str, route: str, **what: Any) -> requests.Response:
        client = tweepy.Client(
            **{name: self._settings.get(name, "") for name in OAUTH1_KEYS},
            bearer_token=self._settings.get("oauth2_access_token") or None,
            return_type=requests.Response,
            wait_on_rate_limit=False,
        )

        def through_tweepy() -> requests.Response:
            with self._session(ends) as session:
                redirected = _Redirected(session, self._base_url)
                client.session = redirected
                try:
                    client.request(method, route, user_auth=self._is_oauth1, **what)
                except requests.RequestException:
                    raise
                except (tweepy.TweepyException, ValueError, AttributeError, TypeError):
                    # tweepy raises for every answer but success, and trips over bodies and headers
                    # of unexpected form. The answer itself says more.
                    if redirected.answer is None:
                        raise
            assert redirected.answer is not None
            return redirected.answer

        return self._answered(ends, through_tweepy)

    def _answered(self, ends: Deadline, make: Callable[[], requests.Response]) -> requests.Response:
        sent_before = ends.sent
        try:
            return make()
        except (requests.RequestException, DeadlinePassed) as error:
            told = self.redacted(str(error))
            if did_not_act(error):
                raise TryLater(UNREACHABLE, answer=told) from error
            if ends.sent and not (sent_before and isinstance(error, ValueError)):
                raise Unknown(UNCLEAR, answer=told) from error
            # The base URL or the keys cannot even be put into a request.
            raise Unauthorised(TOKEN, answer=told) from error
        except (tweepy.TweepyException, ValueError, AttributeError, TypeError) as error:
            raise Unauthorised(TOKEN, answer=self.redacted(str(error))) from error

    def _session(self, ends: Deadline) -> OutboundSession:
        return make_session(ends, allow_private_addresses=self._account.allow_private_addresses)

    def _signature(self) -> dict[str, Any]:
        if self._is_oauth1:
            keys = [self._settings.get(name, "") for name in OAUTH1_KEYS]
            return {"auth": tweepy.OAuth1UserHandler(*keys).apply_auth()}
        token = self._settings.get("oauth2_access_token", "")
        return {"headers": {"Authorization": f"Bearer {token}"}}


class _Redirected:
    """Stands in for tweepy's session: its fixed host becomes the configured base URL.

    The swap comes before OAuth signs the request, so the signature is made over the real target.
    """

    def __init__(self, session: OutboundSession, base_url: str) -> None:
        self._session = session
        self._base_url = base_url
        self.answer: requests.Response | None = None

    def request(self, method: str, url: str, **what: Any) -> requests.Response:
        target = self._base_url + urlsplit(url).path
        self.answer = self._session.request(method, target, **what)
        return self.answer


def has_oauth1(settings: Mapping[str, str]) -> bool:
    """Whether the account is connected by OAuth 1.0a: by a token of its own."""
    return bool(settings.get("access_token")) or not settings.get("oauth2_refresh_token")


def user_id_of(settings: Mapping[str, str]) -> str:
    """The account's id: an OAuth 1.0a token begins with it, at an OAuth 2 sign-in it is asked."""
    if has_oauth1(settings):
        return settings.get("access_token", "").partition("-")[0]
    return settings.get("user_id", "")


def secrets_of(settings: Mapping[str, str]) -> list[str]:
    names = (*OAUTH1_KEYS, "client_secret", "oauth2_access_token", "oauth2_refresh_token")
    return [settings.get(name, "") for name in names]
