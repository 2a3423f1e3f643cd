from __future__ import annotations

import pytest

from syndicator.following.models import RobotsFile
from syndicator.following.robots import known_leave_for, leave_for
from tests.following.site import Site

pytestmark = pytest.mark.django_db

FORBIDS = b"User-agent: *\nDisallow: /secret\n"


def test_what_a_url_logs_in_with_is_not_kept(site: Site) -> None:
    site.put("/robots.txt", FORBIDS)
    with_password = site.url.replace("://", "://name:geheim@")
    assert not leave_for(f"{with_password}/secret").is_given
    assert list(RobotsFile.objects.values_list("origin", flat=True)) == [site.url]
    assert not known_leave_for(f"{site.url}/secret").is_given


def test_a_host_too_long_to_be_one_has_no_robots_file() -> None:
    url = f"https://{'a' * 330}.example/live"
    assert leave_for(url).is_given
    assert known_leave_for(url).is_given
    assert not RobotsFile.objects.exists()
