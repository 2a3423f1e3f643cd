"""``syndicator dkim-key``."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner

from syndicator.channels.email.signing import Signer
from syndicator.cli import main


def test_a_key_is_made_that_signs_and_is_for_its_owner_only(tmp_path: Path) -> None:
    file = tmp_path / "dkim.pem"
    said = CliRunner().invoke(main, ["dkim-key", "paper.example", "news2026", str(file)])
    assert said.exit_code == 0, said.output
    settings = {"dkim_domain": "paper.example", "dkim_selector": "news2026"}
    signer = Signer.from_settings(settings | {"dkim_key": file.read_text()})
    assert signer is not None
    assert f'news2026._domainkey.paper.example. TXT "{signer.record}"' in said.output
    assert file.stat().st_mode & 0o777 == 0o600

    again = CliRunner().invoke(main, ["dkim-key", "paper.example", "news2026", str(file)])
    assert again.exit_code == 1
    assert "is not overwritten" in again.output
    assert Signer.from_settings(settings | {"dkim_key": file.read_text()}) is not None


def test_what_is_no_domain_makes_no_key(tmp_path: Path) -> None:
    file = tmp_path / "dkim.pem"
    said = CliRunner().invoke(main, ["dkim-key", "not a domain", "x", str(file)])
    assert said.exit_code == 1
    assert "not a domain name" in said.output
    assert not file.exists()
