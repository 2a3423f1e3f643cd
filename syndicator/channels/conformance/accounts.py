"""What every client must do when it is asked about its account."""

from __future__ import annotations

from datetime import timedelta

from syndicator.channels.base import AccountCheck, Client, Message
from syndicator.channels.conformance.calls import Calls, Work, followed_redirect, report


class AccountRules(Calls):
    @property
    def _can(self) -> bool:
        kind = type(self.of_account.client(self.account()))
        return kind.check is not Client.check

    def test_the_account_is_named(self) -> None:
        if not self._can:
            return
        before = list(self.behind.posts())
        self.proxy.begin()
        came = self.call(_check)
        assert isinstance(came.value, AccountCheck), f"The check {self.told(came)}"
        assert came.value.name.strip(), "The check did not find the account's name."
        ends_at = came.value.ends_at
        assert ends_at is None or ends_at.tzinfo, "ends_at has no time zone."
        assert list(self.behind.posts()) == before, "Checking changed something."

    def test_a_spoilt_check_names_nobody(self) -> None:
        if not self._can:
            return

        def prepare() -> tuple[Message, Work]:
            return self.message(), _check

        broken = []
        for spoilt in self.spoil(prepare):
            found = spoilt.came.value
            broken += [f"{spoilt}: {line}" for line in spoilt.came.bad_manners()]
            if isinstance(found, AccountCheck) and not _is_name(found.name):
                broken.append(f"{spoilt}: it calls the account “{found.name}”")
            if followed_redirect(spoilt.received):
                broken.append(f"{spoilt}: it followed the redirect")
        report(broken)


def _check(client: Client, deadline: timedelta) -> object:
    return client.check(deadline=deadline)


def _is_name(name: object) -> bool:
    return isinstance(name, str) and bool(name.strip()) and name not in ("None", "null")
