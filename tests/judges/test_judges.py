"""Our mails before programs of others: what spam filters, receivers and mail programs make of them.

Every allowed finding has its reason beside it; anything else fails.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from email.parser import BytesParser
from email.policy import SMTP
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import pytest

from tests.judges.name_server import RECORDS, serving_names
from tests.judges.rspamd import serving_rspamd, symbols
from tests.judges.samples import (
    ADDRESS,
    DOMAIN,
    HOST,
    SELECTOR,
    SENDER,
    SENDER_NAME,
    SIGNER,
    Sample,
    samples,
)

pytestmark = pytest.mark.judges

HERE = Path(__file__).parent
SAMPLES = list(samples())

each_mail = pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)

#: Above neutral, and still as it is meant to be.
RSPAMD_ALLOWS = {
    # One part is not shown: the preview for the inbox. 0.05 points of the 15 that refuse a mail.
    "MANY_INVISIBLE_PARTS": 0.05,
    # Whether the links of a mail are odd in number: a coin's toss that every entry throws anew.
    "URI_COUNT_ODD": 1.0,
}
#: What some program does not support, and why the mail is right there without it.
CANIEMAIL_ALLOWS = {
    "@media": "dark mode where it is known; without it the mail is light everywhere",
    "<style> element": "holds nothing but dark mode: all else stands in the elements",
    "<body> element": "made a <div>; nothing depends on it but the page's background",
    "display:none": "the preview; where it is not honoured, its other rules hide it",
    "overflow": "the preview, which display:none hides already",
    "overflow-wrap": "long addresses; word-break beside it does the same",
    "word-break": "long addresses; overflow-wrap beside it does the same",
    "white-space": "keeps a time on one line; two are as good",
    "border-radius": "square corners are as good",
    "Local anchors": "the sample's own link to leave, which every recipient's mail replaces",
}
#: What some program supports in part, by what the part is that it lacks: nothing we use, or
#: nothing that is missed.
PARTLY = {
    "negative and automatic values, or of inline elements: margins shrink in Outlook": (
        "margin",
        "padding",
        "border",
        "background",
        "width attribute",
        "width property",
        "height property",
        "max-width",
        "line-height",
    ),
    "units and values that we do not use": (
        "font-size",
        "font-weight",
        "text-decoration",
        "display",
        "<ul>, <ol> and <dl>",
    ),
    "right-to-left links in Outlook, and Gmail's guess for accounts of others": ("dir attribute",),
}


@pytest.fixture(scope="module")
def name_server() -> Iterator[int]:
    with serving_names() as port:
        yield port


@pytest.fixture(scope="module")
def rspamd(name_server: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    assert shutil.which("rspamd"), "rspamd is not installed"
    with serving_rspamd(tmp_path_factory.mktemp("rspamd"), name_server) as port:
        yield port


def delivered(sample: Sample) -> bytes:
    """As the recipient's mail server has it."""
    date = re.search(rb"(?m)^Date: (.+)\r$", sample.mail)
    assert date
    received = (
        f"Return-Path: <{sample.return_path}>\r\n"
        f"Received: from {HOST} ({HOST} [{ADDRESS}])\r\n"
        f"\tby mail.reader.example (Postfix) with ESMTPS id 4A1B2C3D4E\r\n"
        f"\tfor <ada@reader.example>; {date[1].decode()}\r\n"
        f"Received: from [127.0.0.1] (localhost [127.0.0.1])\r\n"
        f"\tby {HOST} with ESMTP id 5B2C3D4E5F\r\n"
        f"\tfor <ada@reader.example>; {date[1].decode()}\r\n"
    )
    return received.encode() + sample.mail


def run(*command: str, given: bytes) -> str:
    done = subprocess.run(
        command, input=given, check=False, capture_output=True, cwd=HERE, timeout=120
    )
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    return done.stdout.decode()


def node(script: str, given: bytes) -> Any:
    return json.loads(run("node", script, given=given))


def test_spamassassin_finds_nothing(tmp_path: Path) -> None:
    assert shutil.which("spamassassin"), "SpamAssassin is not installed"
    files = []
    for number, sample in enumerate(SAMPLES):
        files.append(tmp_path / f"{number}.eml")
        files[-1].write_bytes(delivered(sample))
    # One call for all: loading its rules takes most of the time.
    report = run("spamassassin", "-L", "-t", "-x", *map(str, files), given=b"")

    found = re.findall(r"(?m)^ ?(-?\d+\.\d+) ([A-Z][A-Z0-9_]+) ", report)
    assert len(re.findall(r"(?m)^X-Spam-Status: No", report)) == len(SAMPLES)
    assert {name for score, name in found if float(score) > 0} == set()


@each_mail
def test_rspamd_finds_nothing(sample: Sample, rspamd: int) -> None:
    found = symbols(rspamd, delivered(sample), sample.return_path)

    assert sum(found.values()) <= 0, found
    above = {name: score for name, score in found.items() if score > RSPAMD_ALLOWS.get(name, 0)}
    assert above == {}
    assert {"R_DKIM_ALLOW", "R_SPF_ALLOW", "DMARC_POLICY_ALLOW"} <= set(found)


@each_mail
def test_receivers_can_prove_whose_it_is(sample: Sample, tmp_path: Path) -> None:
    """By mailauth, with DKIM and SPF both aligned with the sender's domain."""
    mail, names = tmp_path / "mail.eml", tmp_path / "names.json"
    mail.write_bytes(delivered(sample))
    names.write_text(
        json.dumps(
            {
                name: {
                    kind: [[data]] if kind == "TXT" else [data] for kind, data in records.items()
                }
                for name, records in RECORDS.items()
            }
        )
    )
    told = json.loads(
        run(
            "node_modules/.bin/mailauth",
            *("report", "--dns-cache", str(names), "--client-ip", ADDRESS, "--helo", HOST),
            *("--sender", sample.return_path, "--mta", "mail.reader.example", str(mail)),
            given=b"",
        )
    )

    (signature,) = told["dkim"]["results"]
    assert signature["status"]["result"] == "pass"
    assert (signature["signingDomain"], signature["selector"]) == (DOMAIN, SELECTOR)
    assert signature["status"]["aligned"] == DOMAIN
    signed = signature["signingHeaders"]["keys"].lower().replace(" ", "").split(":")
    assert {"from", "to", "subject", "date", "message-id"} <= set(signed)
    if sample.is_list:
        # RFC 8058, 4: both headers are covered.
        assert {"list-unsubscribe", "list-unsubscribe-post"} <= set(signed)
    assert told["spf"]["status"]["result"] == "pass"
    assert told["dmarc"]["status"]["result"] == "pass"
    assert told["dmarc"]["alignment"]["spf"]["result"] == DOMAIN
    assert SIGNER.record_name in RECORDS


@each_mail
def test_big_mail_programs_can_show_it(sample: Sample) -> None:
    found = node("caniemail.mjs", sample.html.encode())

    allowed = set(CANIEMAIL_ALLOWS)
    partly = allowed.union(*PARTLY.values())
    assert {one: at for one, at in found["errors"].items() if one not in allowed} == {}
    assert {one: at for one, at in found["warnings"].items() if one not in partly} == {}


@each_mail
def test_another_parser_reads_what_was_meant(sample: Sample) -> None:
    """By postal-mime, and RFC by RFC what it found."""
    told = node("parse.mjs", sample.mail)
    headers: dict[str, list[str]] = {}
    for header in told["headers"]:
        headers.setdefault(header["key"], []).append(header["value"])

    # RFC 5322, 3.6: each at most once.
    once = ("from", "to", "subject", "date", "message-id", "mime-version", "content-type")
    assert {name: len(headers[name]) for name in once} == dict.fromkeys(once, 1)
    assert told["from"] == {"name": SENDER_NAME, "address": SENDER}
    assert [to["address"] for to in told["to"]] == ["ada@reader.example"]
    assert told["subject"] == sample.subject
    assert re.fullmatch(rf"<[^<>@\s]+@{re.escape(DOMAIN)}>", told["messageId"])
    assert parsedate_to_datetime(headers["date"][0]).tzinfo is not None
    # RFC 3834.
    assert headers["auto-submitted"] == ["auto-generated"]
    assert "precedence" not in headers, "RFC 3834 discourages it, and Auto-Submitted says more"
    assert [link for link in sample.links if link not in told["text"]] == []
    assert len(told["attachments"]) == sample.pictures


@each_mail
def test_one_can_leave_by_the_mails_of_a_list_and_by_no_other(sample: Sample) -> None:
    told = node("parse.mjs", sample.mail)
    headers = {header["key"]: header["value"] for header in told["headers"]}
    if not sample.is_list:
        assert not {name for name in headers if name.startswith("list-")}
        return

    # RFC 2919, 2369 and 8058.
    assert re.fullmatch(r"<[a-z0-9.-]+>", headers["list-id"])
    link = headers["list-unsubscribe"]
    assert re.fullmatch(r"<https://[^\s<>]+>", link)
    assert headers["list-unsubscribe-post"] == "List-Unsubscribe=One-Click"
    assert link.strip("<>") in told["html"]
    assert link.strip("<>") in told["text"]


@each_mail
def test_every_line_and_header_is_by_the_book(sample: Sample) -> None:
    lines = sample.mail.split(b"\r\n")
    assert not any(b"\n" in line or b"\r" in line for line in lines), "RFC 5322, 2.3"
    assert max(map(len, lines)) <= 998, "RFC 5322, 2.1.1"
    assert sample.mail.isascii()
    mail = BytesParser(policy=SMTP).parsebytes(sample.mail)
    assert not mail.defects
    assert not [part.defects for part in mail.walk() if part.defects]
    assert not [name for name, value in mail.items() if getattr(value, "defects", ())]
    kinds = [part.get_content_type() for part in mail.walk() if not part.is_multipart()]
    assert kinds[:2] == ["text/plain", "text/html"], "RFC 2046, 5.1.4: the plainest first"
