"""A server on this machine that speaks S3's protocol, as far as one object at a time goes.

It lets nobody in whose signature is wrong, by the reckoning of MinIO's own library; what signs is
AWS's.
"""

from __future__ import annotations

import hashlib
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import pytest
from minio.credentials import Credentials
from minio.signer import sign_v4_s3
from pytest_django import Settings

KEY_ID, SECRET, REGION = "AKIDOFTHEPAPER", "never/in+logs", "eu-central-1"
AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<key>[^/]+)/(?P<day>\d{8})/(?P<region>[^/]+)/s3/aws4_request, "
    r"SignedHeaders=(?P<headers>[^,]+), Signature=(?P<signature>[0-9a-f]{64})"
)
SKEW = timedelta(minutes=15)


@dataclass
class Bucket:
    """*objects* by ``bucket/key``; *fault* is how the calls of *faulty* methods go wrong."""

    url: str = ""
    objects: dict[str, bytes] = field(default_factory=dict, repr=False)
    calls: list[str] = field(default_factory=list)
    fault: str = ""
    faulty: tuple[str, ...] = ("GET", "PUT", "DELETE")
    ended: threading.Event = field(default_factory=threading.Event)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    bucket: Bucket

    def do_GET(self) -> None:
        self._take()

    do_PUT = do_DELETE = do_GET  # noqa: N815

    def _take(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        self.bucket.calls.append(f"{self.command} {self.path}")
        fault = self.bucket.fault if self.command in self.bucket.faulty else ""
        refused = self._refused(body)
        if fault.isdecimal():
            self._say(int(fault), "InternalError" if fault == "500" else "NoSuchBucket")
        elif refused:
            self._say(403 if refused != "XAmzContentSHA256Mismatch" else 400, refused)
        else:
            getattr(self, f"_{self.command.lower()}")(self.path.lstrip("/"), body, fault)

    def _put(self, name: str, body: bytes, fault: str) -> None:
        if fault != "lost":
            self.bucket.objects[name] = body if fault != "wrong" else body[:-1] + b"!"
        self._answer(200)

    def _delete(self, name: str, _body: bytes, _fault: str) -> None:
        self.bucket.objects.pop(name, None)
        self._answer(204)

    def _get(self, name: str, _body: bytes, fault: str) -> None:
        data = self.bucket.objects.get(name)
        if data is None:
            self._say(404, "NoSuchKey")
        elif fault == "wrong":
            self._answer(200, data[:-1] + b"!")
        elif fault == "cut":
            self._answer(200, data, sent=data[: len(data) // 2])
        elif fault == "slow":
            self._drip(data)
        elif fault == "huge":
            self._answer(200, data * (3_000_000 // len(data) + 1))
        else:
            self._answer(200, data)

    def _refused(self, body: bytes) -> str:
        said = AUTHORIZATION.fullmatch(self.headers.get("Authorization", ""))
        if said is None:
            return "AccessDenied"
        if said["key"] != KEY_ID:
            return "InvalidAccessKeyId"
        if hashlib.sha256(body).hexdigest() != self.headers["X-Amz-Content-SHA256"]:
            return "XAmzContentSHA256Mismatch"
        date = datetime.strptime(self.headers["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        if abs(datetime.now(UTC) - date) > SKEW:
            return "RequestTimeTooSkewed"
        needed = {"host", "x-amz-date", "x-amz-content-sha256"}
        names = said["headers"].split(";")
        signed = sign_v4_s3(
            method=self.command,
            url=urlsplit(self.bucket.url + self.path),
            region=REGION,
            headers={name: self.headers[name] for name in names},
            credentials=Credentials(KEY_ID, SECRET),
            content_sha256=self.headers["X-Amz-Content-SHA256"],
            date=date,
        )
        same = signed["Authorization"].endswith(f"Signature={said['signature']}")
        return "" if same and needed <= set(names) else "SignatureDoesNotMatch"

    def _say(self, status: int, code: str) -> None:
        key = f"<AWSAccessKeyId>{KEY_ID}</AWSAccessKeyId><StringToSign>AWS4…</StringToSign>"
        self._answer(status, f"<Error><Code>{code}</Code>{key}</Error>".encode())

    def _answer(self, status: int, body: bytes = b"", *, sent: bytes | None = None) -> None:
        self.send_response(status)
        if status == 301:
            self.send_header("Location", "http://127.0.0.1:1/")
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body if sent is None else sent)
        self.close_connection = True

    def _drip(self, data: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        for number in range(len(data)):
            if self.bucket.ended.is_set():
                return
            try:
                self.wfile.write(data[number : number + 1])
            except OSError:
                return
            time.sleep(0.05)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def serving() -> Iterator[Bucket]:
    bucket = Bucket()
    handler = type("BucketHandler", (Handler,), {"bucket": bucket})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    bucket.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield bucket
    finally:
        bucket.ended.set()
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def bucket(settings: Settings) -> Iterator[Bucket]:
    """A bucket where new pictures are kept."""
    with serving() as running:
        settings.S3_ENDPOINT, settings.S3_REGION = running.url, REGION
        settings.S3_KEY_ID, settings.S3_SECRET = KEY_ID, SECRET
        settings.PICTURE_STORE = "s3://paper/pictures"
        yield running
