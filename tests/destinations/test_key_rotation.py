"""A new encryption key while everything runs: nothing is lost wherever it ends, or who is at it."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from pathlib import Path
from threading import Event, Thread

import pytest
from cryptography.fernet import Fernet
from django.db import connection, transaction
from pytest_django import Settings

from syndicator import keys_file, secrets
from syndicator.desk import signing_in
from syndicator.destinations import key_rotation
from syndicator.destinations.accounts import account_of
from syndicator.destinations.key_rotation import NotYet, add_key, encrypt_anew, forget_old
from syndicator.destinations.models import Destination
from syndicator.entrance import second_step
from syndicator.entrance.models import Authenticator
from syndicator.secrets import Sealed, UnreadableSecrets
from tests.factories import make_destination, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def file(tmp_path: Path, settings: Settings) -> Path:
    made = tmp_path / "keys.json"
    keys_file.read_or_make(made)
    settings.ENCRYPTION_KEYS_FILE = settings.OWN_KEYS_FILE = made
    return made


@pytest.fixture
def destinations(file: Path) -> list[Destination]:
    return [make_destination("x", access_token=f"{number}-a") for number in (1, 2, 3)]


def tokens() -> list[str]:
    rows = Destination.objects.order_by("pk")
    return [secrets.decrypt(row.encrypted_secrets)["access_token"] for row in rows]


def seals() -> set[Sealed]:
    return {secrets.sealed(row.encrypted_secrets) for row in Destination.objects.all()}


def grow_old(file: Path) -> None:
    then = time.time() - key_rotation.WAIT_SECONDS - 1
    os.utime(file, (then, then))


def test_everything_is_encrypted_with_the_new_key(
    file: Path, destinations: list[Destination]
) -> None:
    first = keys_file.encryption_keys(file)[0]
    session = keys_file.read(file)["session"]
    add_key(file)
    assert seals() == {Sealed.OLDER}
    assert encrypt_anew().rewritten == 3
    assert seals() == {Sealed.NEWEST}
    assert tokens() == ["1-a", "2-a", "3-a"]
    keys = keys_file.encryption_keys(file)
    assert (len(keys), keys[1]) == (2, first)
    assert keys_file.read(file)["session"] == session
    assert file.stat().st_mode & 0o777 == 0o600
    assert encrypt_anew().rewritten == 0


def test_ended_before_the_file_is_replaced_it_has_not_begun(
    file: Path, destinations: list[Destination], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = file.read_bytes()

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", killed)
        with pytest.raises(KeyboardInterrupt):
            add_key(file)
    assert file.read_bytes() == before
    assert not key_rotation.is_unfinished()
    add_key(file)
    assert key_rotation.is_unfinished()


@pytest.mark.parametrize("rows_done", [0, 1, 2])
def test_ended_between_two_rows_it_goes_on(
    file: Path,
    destinations: list[Destination],
    monkeypatch: pytest.MonkeyPatch,
    rows_done: int,
) -> None:
    left = rows_done
    anew = secrets.sealed_anew

    def killed(token: str) -> str:
        nonlocal left
        if left == 0:
            raise KeyboardInterrupt
        left -= 1
        return anew(token)

    add_key(file)
    with monkeypatch.context() as patch:
        patch.setattr(secrets, "sealed_anew", killed)
        with pytest.raises(KeyboardInterrupt):
            encrypt_anew()
    assert key_rotation.is_unfinished()
    assert tokens() == ["1-a", "2-a", "3-a"]
    done = encrypt_anew()
    assert (done.rewritten, done.untouched) == (3 - rows_done, rows_done)
    assert not key_rotation.is_unfinished()


def test_access_keys_that_are_renewed_meanwhile_are_kept(
    file: Path, destinations: list[Destination]
) -> None:
    account = account_of(destinations[0])
    assert account.renew is not None

    def rotated_meanwhile(given: Mapping[str, str]) -> Mapping[str, str]:
        add_key(file)
        encrypt_anew()
        return {"access_token": given["access_token"] + "+"}

    account.renew(rotated_meanwhile)
    assert tokens() == ["1-a+", "2-a", "3-a"]
    assert seals() == {Sealed.NEWEST}


def test_old_keys_are_forgotten_only_when_nothing_needs_them(
    file: Path, destinations: list[Destination]
) -> None:
    add_key(file)
    grow_old(file)
    with pytest.raises(NotYet, match=destinations[0].name):
        forget_old(file)
    encrypt_anew()
    assert forget_old(file) == 1
    assert len(keys_file.encryption_keys(file)) == 1
    assert tokens() == ["1-a", "2-a", "3-a"]
    grow_old(file)
    assert forget_old(file) == 0


@pytest.mark.django_db(transaction=True)
def test_nor_while_somebody_is_storing_what_an_old_one_encrypted(
    file: Path, destinations: list[Destination]
) -> None:
    old = destinations[0].encrypted_secrets
    add_key(file)
    encrypt_anew()
    grow_old(file)
    stored, forgotten = Event(), Event()

    def store() -> None:
        with transaction.atomic():
            row = Destination.objects.select_for_update(no_key=True).get(pk=destinations[0].pk)
            row.encrypted_secrets = old
            row.save()
            stored.set()
            # It commits when the other has gone ahead without waiting, which it must not.
            forgotten.wait(0.5)
        connection.close()

    writer = Thread(target=store)
    writer.start()
    assert stored.wait(10)
    try:
        with pytest.raises(NotYet):
            forget_old(file)
    finally:
        forgotten.set()
        writer.join()
    assert tokens() == ["1-a", "2-a", "3-a"]


def test_nor_while_something_under_way_may_need_them(
    file: Path, destinations: list[Destination]
) -> None:
    add_key(file)
    encrypt_anew()
    with pytest.raises(NotYet, match="minutes"):
        forget_old(file)
    assert len(keys_file.encryption_keys(file)) == 2
    assert key_rotation.WAIT_SECONDS > signing_in.LASTS


def test_what_no_key_reads_is_named_and_holds_nothing_up(
    file: Path, destinations: list[Destination]
) -> None:
    foreign = Fernet(Fernet.generate_key()).encrypt(b"{}").decode()
    Destination.objects.filter(pk=destinations[1].pk).update(encrypted_secrets=foreign)
    add_key(file)
    done = encrypt_anew()
    assert (done.rewritten, done.unreadable) == (2, [destinations[1].name])
    grow_old(file)
    assert forget_old(file) == 1
    assert Destination.objects.get(pk=destinations[1].pk).encrypted_secrets == foreign


def test_keys_of_the_environment_are_only_judged(
    settings: Settings, destinations: list[Destination]
) -> None:
    old = keys_file.encryption_keys(settings.ENCRYPTION_KEYS_FILE)
    settings.ENCRYPTION_KEYS_FILE = settings.OWN_KEYS_FILE = None
    settings.ENCRYPTION_KEYS = [keys_file.new_encryption_key(), *old]
    with pytest.raises(NotYet):
        forget_old(None)
    encrypt_anew()
    assert forget_old(None) == 1
    assert tokens() == ["1-a", "2-a", "3-a"]


def test_a_file_of_the_environments_is_read_again_when_it_changes(
    tmp_path: Path, settings: Settings
) -> None:
    named = tmp_path / "encryption_keys"
    old, new = keys_file.new_encryption_key(), keys_file.new_encryption_key()
    named.write_text(old)
    settings.ENCRYPTION_KEYS_FILE = named
    token = secrets.encrypt({"a": "b"})
    named.write_text(f"{new},{old}\n")
    assert secrets.sealed(token) == Sealed.OLDER
    assert secrets.sealed(secrets.encrypt({})) == Sealed.NEWEST
    named.write_text(new)
    with pytest.raises(UnreadableSecrets):
        secrets.decrypt(token)


@pytest.mark.parametrize("broken", ["", "{", "{}", "not a key", '{"encryption": []}'])
def test_a_file_that_somebody_broke_changes_nothing_for_who_has_read_it(
    file: Path, broken: str
) -> None:
    token = secrets.encrypt({"a": "b"})
    file.write_text(broken)
    assert secrets.decrypt(token) == {"a": "b"}
    file.unlink()
    assert secrets.decrypt(token) == {"a": "b"}


def test_authenticator_apps_are_encrypted_anew_too(
    file: Path, destinations: list[Destination]
) -> None:
    person = make_user()
    second_step.begin_app(person)
    secret = second_step.unconfirmed_app(person)
    add_key(file)
    assert key_rotation.is_unfinished()
    encrypt_anew()
    assert secrets.sealed(Authenticator.objects.get().encrypted_secrets) == Sealed.NEWEST
    assert second_step.unconfirmed_app(person) == secret
