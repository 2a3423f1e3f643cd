"""Posts in one Bluesky account's repository, by the AT Protocol's XRPC.

https://docs.bsky.app/docs/api/com-atproto-repo-put-record. The record key is ours and belongs to
the idempotency key, and a post is put only where nothing stands yet: so there is never a second,
however often and however late it is tried.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import requests

from syndicator.channels.base import (
    ALSO,
    Account,
    AccountCheck,
    ChannelError,
    Client,
    LookUp,
    Message,
    Receipt,
    Rejected,
    TryLater,
    Unauthorised,
    Unknown,
)
from syndicator.channels.bluesky.errors import (
    ABSENT,
    ACCOUNT,
    ADDRESS,
    STALE_TOKEN,
    SWAPPED,
    UNCLEAR,
    UNREACHABLE,
    error_of,
)
from syndicator.channels.bluesky.limits import wait_after_success
from syndicator.channels.bluesky.records import (
    COLLECTION,
    Blob,
    links_of,
    needed,
    record_of,
    root_of,
    timestamp,
)
from syndicator.channels.bluesky.sessions import (
    SETTING,
    Session,
    identifier,
    keep,
    kept_session,
    session_in,
)
from syndicator.channels.bluesky.tids import record_key
from syndicator.channels.calling import NoAnswer, call
from syndicator.content import Picture
from syndicator.outbound.account_pictures import picture_at
from syndicator.outbound.answers import json_object, redact
from syndicator.outbound.clocks import platform_time
from syndicator.outbound.deadline import Deadline
from syndicator.wording import Wording, gettext_noop

CREATE_SESSION = "com.atproto.server.createSession"
REFRESH_SESSION = "com.atproto.server.refreshSession"
GET_SESSION = "com.atproto.server.getSession"
PUT_RECORD = "com.atproto.repo.putRecord"
GET_RECORD = "com.atproto.repo.getRecord"
DELETE_RECORD = "com.atproto.repo.deleteRecord"
UPLOAD_BLOB = "com.atproto.repo.uploadBlob"
GET_BLOB = "com.atproto.sync.getBlob"
GET_PROFILE = "app.bsky.actor.getProfile"
PROFILE = ("app.bsky.actor.profile", "self")

_POST = re.compile(r"at://(did:[^/]+)/app\.bsky\.feed\.post/([A-Za-z0-9._:~-]{1,512})")

CHANGED_LOGIN = Wording(
    gettext_noop("The access to the account was changed just now; it will be tried again.")
)
NO_PICTURE = Wording(gettext_noop("A picture of the post is no longer stored. Post without it."))
NO_PERMALINK = Wording(gettext_noop("The permalink would not be in the post on Bluesky."))
OTHER_POST = Wording(
    gettext_noop("Another post stands on Bluesky where this one belongs. Look there, then decide.")
)
ORIGINAL_GONE = Wording(
    gettext_noop(
        "The post that this answers is no longer on Bluesky. Nothing is left to correct there."
    )
)
GONE = Wording(gettext_noop("The post is no longer on Bluesky."))
OTHER_ACCOUNT = Wording(gettext_noop("The post is another Bluesky account's."))
OVERTAKEN = Wording(
    gettext_noop("The post was changed on Bluesky at the same moment; it will be tried again.")
)
EDIT_MAY_NOT_SHOW = Wording(
    gettext_noop(
        "It is changed on the Bluesky server. The Bluesky app may go on showing the first version."
    )
)

NO_ANSWER_TO_POST = NoAnswer(UNREACHABLE, UNCLEAR, ADDRESS)
NO_ANSWER_TO_READ = NoAnswer(UNREACHABLE, UNREACHABLE, ADDRESS)


@dataclass(frozen=True, slots=True)
class _Record:
    """What stands at a record key; *told* is the time on the server's clock."""

    uri: str
    cid: str
    value: Mapping[str, Any]
    told: datetime | None


class BlueskyClient(Client):
    def __init__(self, account: Account) -> None:
        self._base_url = account.base_url.rstrip("/")
        self._settings = dict(account.settings)
        self._allow_private_addresses = account.allow_private_addresses
        self._open_picture = account.open_picture
        self._renew_account = account.renew
        self._session = kept_session(self._settings)
        self._secrets = {self._settings.get(name, "") for name in ("app_password", SETTING)}
        self._note_secrets(self._session)

    def send(self, message: Message, *, key: str, deadline: timedelta) -> Receipt:
        with Deadline(deadline) as ends:
            did = self._signed_in(ends).did
            rkey = record_key(key, message.published_at)
            record = self._record(ends, message, timestamp(datetime.now(UTC)))
            if message.in_reply_to:
                record["reply"] = self._reply(ends, message.in_reply_to)
            # Only where nothing stands yet: no repetition overwrites what an edit made of it.
            answer = self._put(ends, did, rkey, record, swap=None)
            if _name(answer) == SWAPPED:
                return self._receipt(self._ours(ends, did, rkey, message))
        return self._accepted(answer, did, rkey)

    def edit(self, remote_id: str, message: Message, *, key: str, deadline: timedelta) -> Receipt:
        with Deadline(deadline) as ends:
            did, rkey = self._named(ends, remote_id)
            found = self._get(ends, did, COLLECTION, rkey)
            if found is None:
                raise Rejected(GONE)
            created_at = found.value.get("createdAt")
            if not isinstance(created_at, str):
                raise Rejected(OTHER_POST)
            record = self._record(ends, message, created_at)
            if record == found.value:
                return self._receipt(found, note=EDIT_MAY_NOT_SHOW)
            answer = self._put(ends, did, rkey, record, swap=found.cid)
        if _name(answer) == SWAPPED:
            raise TryLater(OVERTAKEN, status=answer.status_code, answer=self._told(answer))
        return self._accepted(answer, did, rkey, note=EDIT_MAY_NOT_SHOW)

    def delete(self, remote_id: str, *, key: str, deadline: timedelta) -> Receipt:
        """https://docs.bsky.app/docs/api/com-atproto-repo-delete-record: 200 also if it is gone."""
        with Deadline(deadline) as ends:
            for name in remote_id.split(ALSO):
                did, rkey = self._named(ends, name)
                body = {"repo": did, "collection": COLLECTION, "rkey": rkey}
                answer = self._call_as_account(ends, "POST", DELETE_RECORD, json=body, posts=True)
                if answer.status_code != requests.codes.ok or not _is_object(answer):
                    raise self._error(answer, posts=True)
        wait = wait_after_success(answer.headers, datetime.now(UTC))
        return Receipt(remote_id, answer=self._told(answer), status=answer.status_code, wait=wait)

    def look_up(
        self, message: Message, *, key: str, since: datetime, deadline: timedelta
    ) -> LookUp:
        """By our own record key, in the repository itself: no index lags behind it."""
        with Deadline(deadline) as ends:
            did = self._session.did if self._session else self._signed_in(ends).did
            rkey = record_key(key, message.published_at)
            answer = self._read(ends, did, COLLECTION, rkey)
        if answer.status_code == requests.codes.bad_request and _name(answer) == ABSENT:
            return LookUp(None, complete=True, platform_time=platform_time(answer.headers))
        found = self._understood(answer, did, COLLECTION, rkey)
        if message.permalink not in _named_in(found.value):
            raise Unknown(OTHER_POST, status=answer.status_code, answer=self._told(answer))
        return LookUp(self._receipt(found), complete=True, platform_time=found.told)

    def check(self, *, deadline: timedelta) -> AccountCheck:
        with Deadline(deadline) as ends:
            answer = self._call_as_account(ends, "GET", GET_SESSION)
            said = json_object(answer)
            did, handle = said.get("did"), said.get("handle")
            if answer.status_code != requests.codes.ok or not isinstance(did, str):
                raise self._error(answer, posts=False)
            if said.get("active") is False:
                raise Unauthorised(ACCOUNT, answer=self._told(answer))
            handle = handle if isinstance(handle, str) else identifier(self._settings)
            name, picture = self._profile(ends, did)
        return AccountCheck(
            name or handle, url=f"https://bsky.app/profile/{quote(handle)}", picture=picture
        )

    # --- Records -------------------------------------------------------------

    def _record(self, ends: Deadline, message: Message, created_at: str) -> dict[str, Any]:
        """The record for *message*, its pictures uploaded."""
        blobs = [self._upload(ends, picture) for picture in needed(message)]
        record = record_of(message, blobs, created_at=created_at)
        if message.permalink not in links_of(record):
            raise Rejected(NO_PERMALINK)
        return record

    def _reply(self, ends: Deadline, original: str) -> dict[str, Any]:
        """The reference to the post *original*, and to the one that began its thread.

        The server takes replies to posts that are gone: so it is asked before.
        """
        did, rkey = self._named(ends, original)
        found = self._get(ends, did, COLLECTION, rkey)
        if found is None:
            raise Rejected(ORIGINAL_GONE)
        parent = {"uri": found.uri, "cid": found.cid}
        return {"root": root_of(found.value) or parent, "parent": parent}

    def _upload(self, ends: Deadline, picture: Picture) -> Blob:
        """https://docs.bsky.app/docs/api/com-atproto-repo-upload-blob: until a record names it,
        the server keeps it for hours, and the same bytes have the same name."""
        try:
            content = self._open_picture(picture)
        except LookupError as error:
            raise Rejected(NO_PICTURE) from error
        headers = {"Content-Type": picture.media_type}
        answer = self._call_as_account(ends, "POST", UPLOAD_BLOB, data=content, headers=headers)
        blob = json_object(answer).get("blob")
        if answer.status_code != requests.codes.ok or not isinstance(blob, Mapping):
            raise self._error(answer, posts=False)
        return blob

    def _put(
        self, ends: Deadline, did: str, rkey: str, record: Mapping[str, Any], *, swap: str | None
    ) -> requests.Response:
        """Put *record* where *swap* stands, a CID, or where nothing stands."""
        body = {
            "repo": did,
            "collection": COLLECTION,
            "rkey": rkey,
            "record": record,
            "swapRecord": swap,
        }
        return self._call_as_account(ends, "POST", PUT_RECORD, json=body, posts=True)

    def _ours(self, ends: Deadline, did: str, rkey: str, message: Message) -> _Record:
        """What stands at *rkey* where something does: our post, of an earlier try."""
        try:
            found = self._get(ends, did, COLLECTION, rkey)
        except ChannelError as error:
            raise Unknown(UNCLEAR, status=error.status, answer=error.answer) from error
        if found is None:
            raise Unknown(UNCLEAR)
        if message.permalink not in _named_in(found.value):
            raise Unknown(OTHER_POST, answer=self._redacted(str(found.value)))
        return found

    def _get(self, ends: Deadline, did: str, collection: str, rkey: str) -> _Record | None:
        answer = self._read(ends, did, collection, rkey)
        if answer.status_code == requests.codes.bad_request and _name(answer) == ABSENT:
            return None
        return self._understood(answer, did, collection, rkey)

    def _read(self, ends: Deadline, did: str, collection: str, rkey: str) -> requests.Response:
        asked = {"repo": did, "collection": collection, "rkey": rkey}
        return self._call_as_account(ends, "GET", GET_RECORD, params=asked)

    def _understood(
        self, answer: requests.Response, did: str, collection: str, rkey: str
    ) -> _Record:
        said = json_object(answer)
        uri, cid, value = (said.get(name) for name in ("uri", "cid", "value"))
        if (
            answer.status_code != requests.codes.ok
            or uri != f"at://{did}/{collection}/{rkey}"
            or not isinstance(cid, str)
            or not isinstance(value, Mapping)
        ):
            raise self._error(answer, posts=False)
        return _Record(uri, cid, value, platform_time(answer.headers))

    def _named(self, ends: Deadline, remote_id: str) -> tuple[str, str]:
        """The DID and the record key in *remote_id*, if the post is this account's."""
        named = _POST.fullmatch(remote_id)
        if not named or named[1] != self._signed_in(ends).did:
            raise Rejected(OTHER_ACCOUNT)
        return named[1], named[2]

    def _accepted(
        self, answer: requests.Response, did: str, rkey: str, *, note: Wording | None = None
    ) -> Receipt:
        said = json_object(answer)
        uri = f"at://{did}/{COLLECTION}/{rkey}"
        if (
            answer.status_code != requests.codes.ok
            or said.get("uri") != uri
            or not isinstance(said.get("cid"), str)
        ):
            raise self._error(answer, posts=True)
        return Receipt(
            uri,
            url=_address(did, rkey),
            answer=self._told(answer),
            status=answer.status_code,
            wait=wait_after_success(answer.headers, datetime.now(UTC)),
            note=note,
        )

    def _receipt(self, found: _Record, *, note: Wording | None = None) -> Receipt:
        named = _POST.fullmatch(found.uri)
        assert named
        told = self._redacted(f"{found.uri} {found.cid}")
        return Receipt(found.uri, url=_address(named[1], named[2]), answer=told, note=note)

    # --- The account ---------------------------------------------------------

    def _profile(self, ends: Deadline, did: str) -> tuple[str, bytes]:
        """The account's name and picture, each empty if there is none.

        A server that is connected to Bluesky knows where the picture is; any other has the record
        of the profile itself.
        """
        answer = self._call_as_account(ends, "GET", GET_PROFILE, params={"actor": did})
        said = json_object(answer)
        if answer.status_code == requests.codes.ok:
            name, avatar = said.get("displayName"), said.get("avatar")
            shown = picture_at(avatar, ends, allow_private_addresses=self._allow_private_addresses)
            return (name if isinstance(name, str) else ""), shown.content if shown else b""
        found = self._get(ends, did, *PROFILE)
        if found is None:
            return "", b""
        name, avatar = found.value.get("displayName"), found.value.get("avatar")
        ref = avatar.get("ref") if isinstance(avatar, Mapping) else None
        cid = ref.get("$link") if isinstance(ref, Mapping) else None
        picture = b""
        if isinstance(cid, str):
            blob = self._call(ends, "GET", GET_BLOB, params={"did": did, "cid": cid})
            picture = blob.content if blob.status_code == requests.codes.ok else b""
        return (name if isinstance(name, str) else ""), picture

    def _signed_in(self, ends: Deadline) -> Session:
        if self._session is None:
            self._session = self._renewed(ends)
        return self._session

    def _renewed(self, ends: Deadline) -> Session:
        """A new session, kept where it can be. Raises what stands in its way; nothing is posted."""

        def exchange(settings: Mapping[str, str]) -> Mapping[str, str]:
            return keep(self._login(ends, settings), settings)

        self._settings |= (
            self._renew_account(exchange) if self._renew_account else exchange(self._settings)
        )
        session = kept_session(self._settings)
        if session is None:  # somebody has entered another password meanwhile
            raise TryLater(CHANGED_LOGIN)
        self._note_secrets(session)
        return session

    def _login(self, ends: Deadline, settings: Mapping[str, str]) -> Session:
        self._secrets.add(settings.get("app_password", ""))
        if kept := kept_session(settings):
            self._note_secrets(kept)
            answer = self._call(ends, "POST", REFRESH_SESSION, token=kept.refresh)
            if session := self._session_of(answer):
                return session
            if _name(answer) not in STALE_TOKEN:
                raise self._error(answer, posts=False)
        body = {
            "identifier": identifier(settings),
            "password": settings.get("app_password", ""),
        }
        answer = self._call(ends, "POST", CREATE_SESSION, json=body)
        session = self._session_of(answer)
        if session is None:
            raise self._error(answer, posts=False)
        return session

    def _session_of(self, answer: requests.Response) -> Session | None:
        if answer.status_code != requests.codes.ok:
            return None
        session = session_in(json_object(answer))
        self._note_secrets(session)
        return session

    def _note_secrets(self, session: Session | None) -> None:
        if session:
            self._secrets |= {session.access, session.refresh}

    # --- Calls ---------------------------------------------------------------

    def _call_as_account(
        self, ends: Deadline, method: str, name: str, **what: Any
    ) -> requests.Response:
        """A call with the session's token; once more with a new one if that is over.

        A server checks the token before anything else, so that the first call has done nothing.
        """
        session = self._signed_in(ends)
        answer = self._call(ends, method, name, token=session.access, **what)
        if answer.status_code < 500 and _name(answer) in STALE_TOKEN:
            self._session = self._renewed(ends)
            answer = self._call(ends, method, name, token=self._session.access, **what)
        return answer

    def _call(
        self,
        ends: Deadline,
        method: str,
        name: str,
        *,
        token: str = "",
        posts: bool = False,
        headers: Mapping[str, str] | None = None,
        **what: Any,
    ) -> requests.Response:
        """Whatever the server answers; no answer is a `ChannelError`, by what *posts* says of the
        call as in `error_of`."""
        bearer = {"Authorization": f"Bearer {token}"} if token else {}
        return call(
            ends,
            method,
            f"{self._base_url}/xrpc/{name}",
            says=NO_ANSWER_TO_POST if posts else NO_ANSWER_TO_READ,
            redacted=self._redacted,
            allow_private_addresses=self._allow_private_addresses,
            harmless=not posts,
            headers={**(headers or {}), **bearer},
            **what,
        )

    def _error(self, answer: requests.Response, *, posts: bool) -> ChannelError:
        said = json_object(answer)
        return error_of(
            {name: self._redacted(text) for name, text in said.items() if isinstance(text, str)},
            posts=posts,
            status=answer.status_code,
            headers=answer.headers,
            answer=self._told(answer),
            now=datetime.now(UTC),
        )

    def _told(self, answer: requests.Response) -> str:
        return self._redacted(answer.text)

    def _redacted(self, text: str) -> str:
        return redact(text, self._secrets)


def _name(answer: requests.Response) -> str:
    """The name of the error that *answer* is; empty if it is none."""
    name = json_object(answer).get("error")
    return name if isinstance(name, str) and answer.status_code >= 400 else ""


def _is_object(answer: requests.Response) -> bool:
    """Whether the body is a JSON object, empty ones included."""
    return bool(json_object(answer)) or answer.content.strip() == b"{}"


def _named_in(value: Mapping[str, Any]) -> set[str]:
    """Every link of a record, and the words of its text."""
    return {*links_of(value), *str(value.get("text", "")).split()}


def _address(did: str, rkey: str) -> str:
    return f"https://bsky.app/profile/{did}/post/{rkey}"
