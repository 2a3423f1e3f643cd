"""A bucket that speaks S3's protocol: one object for each picture, by the digest of its bytes.

The protocol is HTTP with a signature; botocore, AWS's own library, signs, and the project's own
sessions carry it: one try, a hard end, no redirects, no proxies. Addresses are of the path style
(``endpoint/bucket/key``), which every server understands.
https://docs.aws.amazon.com/AmazonS3/latest/API/API_Operations_Amazon_Simple_Storage_Service.html
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from datetime import timedelta
from urllib.parse import urlsplit

import requests

from syndicator.outbound.deadline import Deadline
from syndicator.outbound.http import make_session

#: For one call. A picture has at most a megabyte.
PATIENCE = timedelta(seconds=6)
LARGEST_ANSWER = 2 * 1024 * 1024

_CODE = re.compile(rb"<Code>([A-Za-z0-9]{1,60})</Code>")


class StoreAway(Exception):
    """The store did not do what it was asked for; it may another time. Says nothing secret."""


class OtherBytes(StoreAway):
    """Under the name of a picture it has something that is not the picture."""


class NoSuchObject(LookupError):
    """The store answers, and has no object of that name."""


@dataclass(frozen=True, slots=True)
class Access:
    """Where the server is, and who asks. *endpoint* is like ``https://s3.example.org:9000``."""

    endpoint: str
    region: str
    key_id: str
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ObjectStore:
    """What lies below *place*, which is like ``s3://bucket/prefix``."""

    place: str
    access: Access
    patience: timedelta = PATIENCE

    def put(self, digest: str, data: bytes, media_type: str) -> None:
        """Store *data* and read it back, or `StoreAway`; to do it again changes nothing.

        What is there is not written again: if that went wrong, it would be lost.
        """
        if self._has(digest):
            return
        self._call("PUT", digest, data, media_type)
        try:
            self.get(digest)
        except NoSuchObject:
            raise StoreAway(f"{self._host} took a picture and does not have it") from None

    def get(self, digest: str) -> bytes:
        """Bytes that have *digest*; `NoSuchObject` or `StoreAway`."""
        data = self._call("GET", digest).content
        if hashlib.sha256(data).hexdigest() != digest:
            raise OtherBytes(f"{self._host} has other bytes under the name {digest}")
        return data

    def _has(self, digest: str) -> bool:
        try:
            self.get(digest)
        except (NoSuchObject, OtherBytes):
            return False
        return True

    def delete(self, digest: str) -> None:
        """Delete the object, if it is there; else `StoreAway`."""
        self._call("DELETE", digest)

    @property
    def _host(self) -> str:
        return urlsplit(self.access.endpoint).netloc

    def _url(self, digest: str) -> str:
        return f"{self.access.endpoint}/{self.place.removeprefix('s3://')}/{digest}"

    def _call(
        self, method: str, digest: str, data: bytes = b"", media_type: str = ""
    ) -> requests.Response:
        url = self._url(digest)
        try:
            headers = self._signed(method, url, data, media_type)
            with (
                Deadline(self.patience) as deadline,
                # The endpoint is the administrator's own word, and often in the same house.
                make_session(
                    deadline, allow_private_addresses=True, largest_answer=LARGEST_ANSWER
                ) as session,
            ):
                answer = session.request(method, url, data=data or None, headers=headers)
        except ImportError:
            raise StoreAway("botocore is not installed: pip install 'syndicator[s3]'") from None
        except (OSError, requests.RequestException) as error:
            # Their words may name addresses and headers; their kind is enough.
            raise StoreAway(f"{self._host} did not answer ({type(error).__name__})") from error
        self._must_be_done(answer)
        return answer

    def _must_be_done(self, answer: requests.Response) -> None:
        if answer.status_code in (200, 204):
            return
        said = _CODE.search(answer.content)
        code = said.group(1).decode() if said else ""
        if answer.status_code == 404 and code == "NoSuchKey":
            raise NoSuchObject(f"{self._host} has no such object")
        raise StoreAway(f"{self._host} answered {answer.status_code} {code}".rstrip())

    def _signed(self, method: str, url: str, data: bytes, media_type: str) -> dict[str, str]:
        # Whoever keeps pictures in the database needs no botocore.
        from botocore.auth import S3SigV4Auth  # noqa: PLC0415
        from botocore.awsrequest import AWSRequest  # noqa: PLC0415
        from botocore.credentials import Credentials  # noqa: PLC0415

        headers = {"Accept-Encoding": "identity"}
        if media_type:
            headers["Content-Type"] = media_type
        request = AWSRequest(method=method, url=url, data=data, headers=headers)
        who = Credentials(self.access.key_id, self.access.secret)
        S3SigV4Auth(who, "s3", self.access.region).add_auth(request)
        return dict(request.headers.items())
