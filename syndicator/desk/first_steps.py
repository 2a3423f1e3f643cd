"""Who must set up a second step can do nothing else before; and every request keeps its session's
last use."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect

from syndicator.accounts.models import User
from syndicator.entrance import second_step, sessions

_MUST_SET_UP = "must_set_up"


def mark_if_missing(session: SessionBase, person: User) -> None:
    """Have this session lead to the set-up, if the person's role demands a second step."""
    if second_step.is_missing(person):
        session[_MUST_SET_UP] = True


def is_marked(session: SessionBase) -> bool:
    return bool(session.get(_MUST_SET_UP))


def unmark(session: SessionBase) -> None:
    session.pop(_MUST_SET_UP, None)


class FirstSteps:
    """Middleware, after the one that knows the person."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        sessions.note_use(request)
        return self._get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponseBase], *_: object
    ) -> HttpResponse | None:
        open_to_all = not getattr(view, "login_required", True)
        if open_to_all or getattr(view, "before_set_up", False) or not is_marked(request.session):
            return None
        person = request.user
        if isinstance(person, User) and not second_step.is_missing(person):
            # The rule was taken back meanwhile, or it was set up in another browser.
            unmark(request.session)
            return None
        if request.headers.get("HX-Request") == "true":
            return HttpResponse(status=204)
        return redirect("desk:own_account")
