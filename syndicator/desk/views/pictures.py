"""The pictures that go out with posts, for the desk's previews."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.cache import patch_cache_control
from django.views.decorators.http import require_GET

from syndicator.desk.access import DeskRequest
from syndicator.pictures.answering import picture_answer
from syndicator.pictures.models import StoredPicture


@require_GET
def picture(request: DeskRequest, digest: str) -> HttpResponse:
    answer = picture_answer(get_object_or_404(StoredPicture.objects.defer("data"), pk=digest))
    if answer.status_code == 200:
        patch_cache_control(answer, private=True, max_age=86400, immutable=True)
    return answer
