"""What became of every entry, by the platforms' own logs: the figures each fault is reported with.

An entry × account may end in one of two ways: the platform accepted it exactly once, or a person
has to look, which is accounted for by name. Everything else is lost or twice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

from tests.faults.shapes import PostRow, Shape, permalink


@dataclass(frozen=True, slots=True)
class Verdict:
    """Figures of one fault on one backend; counts of posts, and seconds.

    *lost*: on no platform, and not before a person. *untrue*: the record says otherwise than the
    platform: sent, without that id there, or ended unsent while it is there. *looked_up*: posts
    that were uncertain and were looked up. *for_person*: those that a person has to look at.
    *undrained*: those that the installation is not through with.
    """

    fault: str
    backend: str
    posts: int
    accepted: int
    lost: int
    twice: int
    out_of_order: int
    untrue: int
    looked_up: int
    for_person: int
    undrained: int
    seconds: float

    @property
    def is_good(self) -> bool:
        wrong = (self.lost, self.twice, self.out_of_order, self.untrue, self.undrained)
        return not any(wrong)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


#: States in which a publication can only be before a person.
BEFORE_A_PERSON = ("pending", "failed", "uncertain")


def is_drained(shape: Shape, expected: Sequence[str], accounts: Collection[str]) -> bool:
    """Whether nothing is left for the installation itself to do about *expected* entries."""
    if shape.to_render():
        return False
    posts = [post for post in shape.posts() if post.destination in accounts]
    known = {(post.external_id, post.destination) for post in posts}
    return len(known) == len(expected) * len(accounts) and not any(post.is_open for post in posts)


def judge(
    fault: str,
    shape: Shape,
    expected: Sequence[str],
    seconds: float,
    accounts: Collection[str] | None = None,
    excused: Collection[tuple[str, str]] = (),
    out_of_turn: Collection[tuple[str, str]] = (),
) -> Verdict:
    """*expected* are the external ids of the entries, in their order; *seconds* to drain.

    *excused* are (account, entry) that need not be out: somebody took them back in time.
    *out_of_turn* may be out later than their neighbours: a person had to look at them first.
    """
    accounts = shape.accounts if accounts is None else accounts
    publications: dict[tuple[str, str], list[PostRow]] = {}
    for post in shape.posts():
        if post.action == "publish" and post.destination in accounts:
            publications.setdefault((post.destination, post.external_id), []).append(post)
    lost = twice = out_of_order = untrue = accepted = for_person = 0
    place = {permalink(name): number for number, name in enumerate(expected)}
    for account in accounts:
        # An account may have other posts, which are nobody's business here.
        log = [act for act in shape.log_of(account) if act["link"] in place]
        accepted += len(log)
        times = Counter(act["link"] for act in log)
        ids = {act["link"]: act["id"].rpartition("_")[2] for act in log}
        twice += sum(count - 1 for count in times.values())
        late = {permalink(name) for name in expected if (account, name) in out_of_turn}
        first = [link for link in times if link not in late]
        out_of_order += sum(place[one] > place[other] for one, other in pairwise(first))
        for name in expected:
            posts = publications.get((account, name), [])
            waits = any(post.state in BEFORE_A_PERSON and not post.is_due for post in posts)
            sent = [post for post in posts if post.state == "sent"]
            is_there = permalink(name) in times
            for_person += waits
            lost += not is_there and not waits and (account, name) not in excused
            untrue += any(
                not is_there or ids[permalink(name)] != post.remote_id.rpartition("_")[2]
                for post in sent
            ) or (is_there and not sent and not waits)
            untrue += is_there and any(post.state == "failed" for post in posts)
    mine = [post for posts in publications.values() for post in posts]
    open_posts = sum(post.is_open for post in mine)
    missing = len(expected) * len(accounts) - len(publications)
    return Verdict(
        fault,
        shape.name,
        posts=len(expected) * len(accounts),
        accepted=accepted,
        lost=lost,
        twice=twice,
        out_of_order=out_of_order,
        untrue=untrue,
        looked_up=sum(post.looked_up for post in mine),
        for_person=for_person,
        undrained=open_posts + missing,
        seconds=round(seconds, 1),
    )
