"""The sandbox account's repository: its posts and its blobs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from syndicator.channels.bluesky.records import COLLECTION, links_of
from syndicator.channels.bluesky.sandbox_answers import Refusal, invalid
from syndicator.channels.bluesky.sandbox_cids import NotEncodable, blob_cid, record_cid
from syndicator.channels.bluesky.sandbox_records import Invalid, blobs_in, check_post
from syndicator.channels.sandbox.store import Action, SandboxStore

#: No CID: whatever stands at a key may be replaced.
ANYTHING = "*"


@dataclass(frozen=True, slots=True)
class Stored:
    """A post as it is now; *at* (aware) is when its key was taken."""

    uri: str
    cid: str
    value: Mapping[str, Any]
    at: datetime


@dataclass(frozen=True, slots=True)
class Blob:
    content: bytes
    media_type: str


class Repository:
    """What the *store* has of *platform*, put together as the repository *did* has it.

    Callers hold the store's lock.
    """

    def __init__(self, store: SandboxStore, platform: str, did: str) -> None:
        self._store = store
        self._platform = platform
        self._did = did
        self._posts: dict[str, Stored] = {}
        self._blobs: dict[str, Blob] = {}
        acts = [act for action in Action for act in store.accepted(platform, action)]
        for act in sorted(acts, key=lambda one: one.number):
            record = act.request.get("record")
            if act.action is Action.DELETE:
                self._posts.pop(act.remote_id, None)
            elif record is not None:
                self._remember(act.remote_id, record, act.accepted_at)
                self._unpack(record, store.raw(platform, act.remote_id))

    def uri(self, rkey: str) -> str:
        return f"at://{self._did}/{COLLECTION}/{rkey}"

    def post(self, rkey: str) -> Stored | None:
        return self._posts.get(self.uri(rkey))

    def posts(self) -> list[Stored]:
        """All of them, the last taken key first."""
        return sorted(self._posts.values(), key=lambda post: post.at, reverse=True)

    def put(self, rkey: str, record: Any, swap: str | None) -> tuple[Stored, bool]:
        """Put *record* if *swap*, a CID, stands at *rkey* (None: if nothing does); and whether that
        changed anything. `Refusal` as the server's."""
        try:
            check_post(record)
            cid = record_cid(record)
        except (Invalid, NotEncodable, UnicodeEncodeError) as problem:
            raise invalid(str(problem)) from problem
        held = [self._held(blob["ref"]["$link"]) for blob in blobs_in(record)]
        standing = self.post(rkey)
        if standing and standing.cid == cid:
            return standing, False
        if swap not in (ANYTHING, standing.cid if standing else None):
            found = standing.cid if standing else "null"
            raise Refusal("InvalidSwap", f"Record was at {found}")
        at = self._store.record(
            self._platform,
            Action.EDIT if standing else Action.PUBLISH,
            self.uri(rkey),
            text=record["text"],
            link=next(iter(reversed(list(links_of(record)))), ""),
            request={"rkey": rkey, "record": record},
            raw=b"".join(blob.content for blob in held),
        )
        return self._remember(self.uri(rkey), record, at), True

    def delete(self, rkey: str) -> bool:
        """Whether there was anything to delete."""
        if self._posts.pop(self.uri(rkey), None) is None:
            return False
        self._store.record(self._platform, Action.DELETE, self.uri(rkey))
        return True

    def upload(self, content: bytes, media_type: str) -> Mapping[str, Any]:
        cid = blob_cid(content)
        self._blobs[cid] = Blob(content, media_type)
        return {
            "$type": "blob",
            "ref": {"$link": cid},
            "mimeType": media_type,
            "size": len(content),
        }

    def blob(self, cid: str) -> Blob | None:
        return self._blobs.get(cid)

    def _held(self, cid: str) -> Blob:
        blob = self._blobs.get(cid)
        if blob is None:
            raise Refusal("BlobNotFound", f"Could not find blob: {cid}")
        return blob

    def _remember(self, uri: str, record: Mapping[str, Any], at: datetime) -> Stored:
        before = self._posts.get(uri)
        post = Stored(uri, record_cid(record), record, before.at if before else at)
        self._posts[uri] = post
        return post

    def _unpack(self, record: Mapping[str, Any], raw: bytes) -> None:
        """The blobs of *record* out of *raw*, where they stand one behind the other."""
        begin = 0
        for blob in blobs_in(record):
            content = raw[begin : begin + blob["size"]]
            begin += blob["size"]
            if blob_cid(content) == blob["ref"]["$link"]:
                self._blobs[blob["ref"]["$link"]] = Blob(content, blob["mimeType"])
