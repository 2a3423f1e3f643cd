"""Who may open which page. Every page needs a log-in; these ask for more than that."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase

from syndicator.accounts.models import User

P = ParamSpec("P")


class DeskRequest(HttpRequest):
    """A request behind the log-in."""

    user: User


View = Callable[Concatenate[DeskRequest, P], HttpResponseBase]


def deciders_only(view: View[P]) -> View[P]:
    """403 for people who may not decide about posts."""
    return _only(view, lambda user: user.may_decide)


def admins_only(view: View[P]) -> View[P]:
    """403 for people who may not change settings."""
    return _only(view, lambda user: user.may_configure)


def _only(view: View[P], allowed: Callable[[User], bool]) -> View[P]:
    @wraps(view)
    def guarded(request: DeskRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if not allowed(request.user):
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return guarded
