"""A publisher and a small hub that follow the W3C's WebSub, over HTTP on loopback."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import requests
from django.db import connections


@dataclass
class Subscriber:
    secret: str
    lease: int


@dataclass
class Hub:
    """*status* is the answer to who asks, *lease* what it grants (None: what was asked for).

    *confirms* is when it calls back: "first" (before it answers), "later" (when told to), "never".
    """

    url: str = ""
    status: int = 202
    headers: dict[str, str] = field(default_factory=dict)
    lease: int | None = None
    confirms: str = "first"
    asked: list[dict[str, str]] = field(default_factory=list)
    subscribers: dict[tuple[str, str], Subscriber] = field(default_factory=dict)
    #: What each confirmation was answered.
    confirmed: list[int] = field(default_factory=list)

    def take(self, form: dict[str, str]) -> int:
        self.asked.append(form)
        if not 200 <= self.status < 300:
            return self.status
        if self.confirms == "first":
            self.confirm(form)
        return self.status

    def confirm(self, form: dict[str, str], **other: str) -> bool:
        """Ask the subscriber whether it wants that (WebSub, 5.3)."""
        challenge = secrets.token_urlsafe(16)
        question = {
            "hub.mode": form["hub.mode"],
            "hub.topic": form["hub.topic"],
            "hub.challenge": challenge,
        }
        lease = self.lease or int(form.get("hub.lease_seconds", "0"))
        if form["hub.mode"] == "subscribe":
            question["hub.lease_seconds"] = str(lease)
        answer = requests.get(
            form["hub.callback"] + "?" + urlencode({**question, **other}), timeout=10
        )
        self.confirmed.append(answer.status_code)
        if answer.status_code != 200 or answer.text != challenge:
            return False
        name = (form["hub.topic"], form["hub.callback"])
        if form["hub.mode"] == "subscribe":
            self.subscribers[name] = Subscriber(form["hub.secret"], lease)
        else:
            self.subscribers.pop(name, None)
        return True

    def deny(self, form: dict[str, str], reason: str) -> int:
        question = {"hub.mode": "denied", "hub.topic": form["hub.topic"], "hub.reason": reason}
        return requests.get(
            form["hub.callback"] + "?" + urlencode(question), timeout=10
        ).status_code

    def distribute(self, body: bytes = b"{}", method: str = "sha256", **headers: str) -> list[int]:
        """Tell all subscribers; what they answered."""
        answers = []
        for (topic, callback), subscriber in self.subscribers.items():
            mac = hmac.new(subscriber.secret.encode(), body, getattr(hashlib, method)).hexdigest()
            signed = {
                "Content-Type": "application/json",
                "Link": f'<{self.url}>; rel="hub", <{topic}>; rel="self"',
                "X-Hub-Signature": f"{method}={mac}",
            }
            answer = requests.post(callback, data=body, headers={**signed, **headers}, timeout=10)
            answers.append(answer.status_code)
        return answers


class Publisher:
    """Serves a live blog's JSON, and hubs under ``/hub/<number>``."""

    def __init__(self) -> None:
        self.hubs = [Hub(), Hub()]
        self.entries = [self._entry(0)]
        self.named_hub, self.names_hubs = 0, True
        self.looks = 0
        #: Called while a look is being answered.
        self.during: Callable[[], Any] = lambda: None
        publisher = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                if urlsplit(self.path).path != "/live.json":
                    self._answer(404, b"")
                    return
                publisher.looks += 1
                body = json.dumps({"entries": publisher.entries}).encode()
                publisher.during()
                hub = publisher.hubs[publisher.named_hub].url
                link = f'<{hub}>; rel="hub", <{publisher.topic}>; rel=self'
                self._answer(200, body, **({"Link": link} if publisher.names_hubs else {}))

            def do_POST(self) -> None:
                length = int(self.headers["Content-Length"])
                form = parse_qs(self.rfile.read(length).decode(), strict_parsing=True)
                hub = publisher.hubs[int(self.path.rpartition("/")[2])]
                status = hub.take({name: values[0] for name, values in form.items()})
                if status == 0:
                    self.connection.close()
                    return
                self._answer(status, b"", **hub.headers)

            def _answer(self, status: int, body: bytes, **headers: str) -> None:
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name.replace("_", "-"), value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def finish(self) -> None:
                super().finish()
                # What a test has a hub do may look into the database.
                connections.close_all()

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        root = f"http://127.0.0.1:{self._server.server_address[1]}"
        self.url = f"{root}/live.json"
        self.topic = self.url
        for number, hub in enumerate(self.hubs):
            hub.url = f"{root}/hub/{number}"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def publish(self) -> None:
        self.entries.append(self._entry(len(self.entries)))

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    @staticmethod
    def _entry(number: int) -> dict[str, Any]:
        return {
            "external_id": f"e{number}",
            "headline": f"Nachricht {number}",
            "published_at": f"2026-11-17T12:{number:02}:00+01:00",
        }
