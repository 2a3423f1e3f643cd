"""What X charges, in US dollars: https://docs.x.com/x-api/getting-started/pricing, November 2026.

Prepaid credits; there is no free allowance in them. The one place to change when the list does.
"""

from __future__ import annotations

import re
from decimal import Decimal

POST_WITH_URL = Decimal("0.200")
POST = Decimal("0.015")
DELETE = Decimal("0.010")
ALT_TEXT = Decimal("0.005")
#: For each post of the account's own timeline that a look-up is given.
READ_OWN_POST = Decimal("0.001")

#: Also a bare domain, which X makes a link of; rather too many than too few.
_URL = re.compile(r"https?://|\w\.[a-z]{2}", re.IGNORECASE)


def of_post(text: str) -> Decimal:
    """What a post of *text* costs."""
    return POST_WITH_URL if _URL.search(text) else POST
