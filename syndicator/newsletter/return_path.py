"""Where a mail that cannot be delivered comes back to: an address of its own for each (VERP).

``bounces+<recipient>-<day>.<mac>@domain``: which mail it was, since when, and a signature. Whoever
never saw the mail cannot make one up, and an old one is worth nothing. Without a return address of
the newsroom's, bounces go to the sender, as ever, and nobody here hears of them.
"""

from __future__ import annotations

import hmac
import re
from base64 import b32encode
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta

from django.utils.http import base36_to_int, int_to_base36

from syndicator.channels.base import Unauthorised
from syndicator.channels.email.addresses import is_address
from syndicator.newsletter.macs import salted_mac
from syndicator.wording import Wording, gettext_noop

#: How the email destination calls the address that bounces come back to.
SETTING = "return_address"
#: For so long after its mail was made a return path means something. A relay gives up within days;
#: a complaint can come weeks later, as often as a reader opens the mailbox.
LASTS = timedelta(days=60)

#: RFC 5321, 4.5.3.1.1.
_LONGEST_LOCAL_PART = 64
#: Octets of the signature: 120 bits, 24 letters and digits.
_MAC_OCTETS = 15
#: "+", the recipient's number (63 bits) and the day in base 36, and the signature.
_LONGEST_TOKEN = 1 + 13 + 1 + 4 + 1 + 24
#: Mail servers on the way may change the case of letters.
_TOKEN = re.compile(r"\+([0-9a-z]{1,13})-([0-9a-z]{1,4})\.([a-z2-7]{24})", re.ASCII)

NOT_A_RETURN_ADDRESS = Wording(
    gettext_noop(
        "The return address must be one plain email address with no “+” and at most 20 characters "
        "before the @."
    )
)


class ForgedReturnPath(LookupError):
    """The address was not made here, was altered, or is too old."""


def return_address(settings: Mapping[str, str]) -> str:
    """Where a destination with these *settings* wants its bounces; empty: at the sender's.

    `Unauthorised` says that it cannot be used.
    """
    address = settings.get(SETTING, "").strip()
    local = address.rpartition("@")[0]
    if address and (
        not is_address(address) or "+" in local or len(local) > _LONGEST_LOCAL_PART - _LONGEST_TOKEN
    ):
        raise Unauthorised(NOT_A_RETURN_ADDRESS)
    return address


def return_path(recipient_id: int, address: str, *, on: datetime) -> str:
    """The envelope sender of the mail to one recipient, made *on* (aware); the same at every try.

    *address* is as `return_address` gives it. The local part has at most 64 characters.
    """
    local, _, domain = address.rpartition("@")
    named = f"{int_to_base36(recipient_id)}-{int_to_base36(_day(on))}"
    return f"{local}+{named}.{_mac(named)}@{domain}"


def recipient_of(path: str, *, now: datetime) -> int:
    """The number of the recipient whose mail had this return path; `ForgedReturnPath` if none."""
    local = path.rpartition("@")[0].lower()
    found = _TOKEN.fullmatch(local[local.find("+") :])
    if not found:
        raise ForgedReturnPath
    recipient, day, mac = found.groups()
    if not hmac.compare_digest(mac, _mac(f"{recipient}-{day}")):
        raise ForgedReturnPath
    if not 0 <= _day(now) - base36_to_int(day) <= LASTS.days:
        raise ForgedReturnPath
    return base36_to_int(recipient)


def _day(moment: datetime) -> int:
    return (moment.astimezone(UTC).date() - date(1970, 1, 1)).days


def _mac(named: str) -> str:
    signed = salted_mac("syndicator.newsletter.return_path", named)
    return b32encode(signed[:_MAC_OCTETS]).decode().lower()
