"""The bytes of pictures, where they are kept in a bucket."""

from __future__ import annotations

from datetime import timedelta

from syndicator.diagnosis.findings import Finding, Severity, problem
from syndicator.pictures.models import StoredPicture
from syndicator.pictures.object_store import NoSuchObject, StoreAway
from syndicator.pictures.places import configured, store_at
from syndicator.wording import TimedWording, Wording, gettext_noop

#: Two places have to answer within what a topic may take.
PATIENCE = timedelta(seconds=3)
#: A name that no picture has.
NOBODY = "0" * 64

DOES_NOT_ANSWER = gettext_noop("The picture store %(place)s cannot be read: %(error)s")
SEE_TO_THE_STORE = Wording(
    gettext_noop(
        "Mend it, or correct the settings SYNDICATOR_S3_…. Until then posts with pictures wait, "
        "and new pictures are kept in the database."
    )
)
LACKS_A_PICTURE = gettext_noop("The picture store %(place)s lacks a picture that was put there.")
BRING_BACK = Wording(
    gettext_noop("Bring the bucket back from its backup, or name the one that has the pictures.")
)
NOT_IN_THE_STORE = gettext_noop("Pictures that are not in %(place)s: %(count)s.")
MOVE = Wording(
    gettext_noop(
        "If the newest ones are among them the log says why. To take them there run: "
        "syndicator pictures move"
    )
)


def stores_answer() -> list[Finding]:
    """The newest picture of every place that has any, and of the one where new ones go."""
    used = (
        StoredPicture.objects.filter(place__isnull=False).values_list("place", flat=True).distinct()
    )
    places = {place for place in (*used, configured()) if place}
    return [found for place in sorted(places) for found in _answers(place)]


def _answers(place: str) -> list[Finding]:
    kept = StoredPicture.objects.filter(place=place).order_by("-stored_at")
    newest = kept.values_list("pk", flat=True).first()
    try:
        store_at(place, PATIENCE).get(newest or NOBODY)
    except NoSuchObject:
        if newest is not None:
            return [problem(TimedWording(LACKS_A_PICTURE, {"place": place}), BRING_BACK)]
    except StoreAway as error:
        said = TimedWording(DOES_NOT_ANSWER, {"place": place, "error": str(error)})
        # Not `unreachable`, which ends an examination: the database answers.
        return [problem(said, SEE_TO_THE_STORE)]
    return []


def new_ones_are_in_the_store() -> list[Finding]:
    """A problem where the newest one is not there: then the store did not take it."""
    place = configured()
    newest = StoredPicture.objects.order_by("-stored_at").values_list("place", flat=True).first()
    elsewhere = StoredPicture.objects.count() - StoredPicture.objects.filter(place=place).count()
    if place is None or not elsewhere:
        return []
    severity = Severity.NOTE if newest == place else Severity.PROBLEM
    said = TimedWording(NOT_IN_THE_STORE, {"place": place, "count": elsewhere})
    return [Finding(severity, said, advice=MOVE)]
