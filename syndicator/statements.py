"""Statements whose SQL is made once in a process, for what every try of every post runs.

Building such a statement costs Django ten times what the database takes to run it
(docs/adr/0011-statements-made-once.md). Values are adapted and converted by the models' own fields,
so that it makes no difference which way a row was read or written. Names of tables and columns come
from the models, too, and nowhere else.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import timedelta
from typing import Any, Self, TypeVar

from django.db import connection, models, transaction

M = TypeVar("M", bound=models.Model)


class Gap(models.Expression):
    """Stands in a prepared query for the value called *name*, which is known when it is run.

    A gap for a time may be used with a `timedelta` taken away from it.
    """

    def __init__(
        self,
        name: str,
        output_field: models.Field[Any, Any],
        earlier_by: timedelta = timedelta(0),
    ) -> None:
        super().__init__(output_field=output_field)
        self._name, self._field, self._earlier_by = name, output_field, earlier_by

    def __sub__(self, by: timedelta) -> Self:  # type: ignore[override]
        return type(self)(self._name, self._field, self._earlier_by + by)

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, list[Gap]]:  # type: ignore[override]
        return "%s", [self]

    def filled(self, values: Mapping[str, Any]) -> Any:
        """The parameter for the database."""
        value = values[self._name]
        if self._earlier_by:
            value -= self._earlier_by
        return self._field.get_db_prep_value(value, connection)


class Prepared:
    """A query that *build* makes of `Gap`s; it yields plain numbers and texts (`values_list`)."""

    def __init__(self, build: Callable[[], models.QuerySet[Any, Any]]) -> None:
        self._build = build
        self._made: dict[str, tuple[str, Sequence[Any]]] = {}

    def first(self, **values: Any) -> tuple[Any, ...] | None:
        """The first row, with the gaps filled by *values*."""
        sql, parameters = self._made.get(connection.vendor) or self._make()
        filled = [p.filled(values) if isinstance(p, Gap) else p for p in parameters]
        with connection.cursor() as cursor:
            cursor.execute(sql, filled)
            row: tuple[Any, ...] | None = cursor.fetchone()
        return row

    def _make(self) -> tuple[str, Sequence[Any]]:
        made = self._build().query.sql_with_params()
        self._made[connection.vendor] = made
        return made


def get(model: type[M], pk: int, *, lock: bool = False) -> M:
    """The row with that primary key; `model.DoesNotExist` if there is none.

    With *lock* nobody else may change it until the transaction is over, which must have begun.
    """
    if lock and not connection.in_atomic_block:
        raise transaction.TransactionManagementError("a row is locked within a transaction")
    sql, names, converters = _selecting(connection.vendor, model, lock)
    with connection.cursor() as cursor:
        cursor.execute(sql, [pk])
        row = cursor.fetchone()
    if row is None:
        raise model.DoesNotExist(f"{model.__name__} {pk} is not there")  # type: ignore[attr-defined]
    values = list(row)
    for place, column, convert in converters:
        values[place] = convert(values[place], column, connection)
    return model.from_db(connection.alias, names, values)


def update(model: type[M], where: Mapping[str, Any], changes: Mapping[str, Any]) -> int:
    """Change the rows in which each column of *where* has that value, or one of a set of values;
    their number. No row has one of an empty set."""
    if any(isinstance(value, set | frozenset) and not value for value in where.values()):
        return 0
    shapes = tuple(
        (name, len(value) if isinstance(value, set | frozenset) else None)
        for name, value in where.items()
    )
    sql = _updating(model, shapes, tuple(changes))
    parameters = [_adapted(model, name, value) for name, value in changes.items()]
    for name, value in where.items():
        wanted = value if isinstance(value, set | frozenset) else (value,)
        parameters += [_adapted(model, name, one) for one in wanted]
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        changed: int = cursor.rowcount
    return changed


def insert(row: models.Model) -> None:
    """Add *row*, which is new, and set its primary key."""
    model = type(row)
    names = tuple(f.attname for f in model._meta.concrete_fields if not f.primary_key)
    parameters = [_adapted(model, name, getattr(row, name)) for name in names]
    with connection.cursor() as cursor:
        cursor.execute(_inserting(connection.vendor, model, names), parameters)
        if connection.vendor == "postgresql":
            row.pk = cursor.fetchone()[0]
        else:
            row.pk = cursor.lastrowid
    row._state.adding, row._state.db = False, connection.alias


def storable(text: str) -> str:
    """*text* as every database takes it: without NUL and lone surrogates."""
    if text.isascii() and "\0" not in text:
        return text
    return text.replace("\0", "").encode("utf-8", "replace").decode()


def _adapted(model: type[models.Model], name: str, value: Any) -> Any:
    return _field(model, name).get_db_prep_save(value, connection)


@functools.cache
def _field(model: type[models.Model], name: str) -> models.Field[Any, Any]:
    """The field called *name*, also by the name of a foreign key's column."""
    return next(f for f in model._meta.concrete_fields if name in (f.name, f.attname))


def _column(model: type[models.Model], name: str) -> str:
    column = _field(model, name).column
    assert column is not None
    return connection.ops.quote_name(column)


def _table(model: type[models.Model]) -> str:
    return connection.ops.quote_name(model._meta.db_table)


_Converter = tuple[int, Any, Callable[[Any, Any, Any], Any]]


@functools.cache
def _selecting(
    vendor: str, model: type[models.Model], lock: bool
) -> tuple[str, Collection[str], list[_Converter]]:
    fields = model._meta.concrete_fields
    names = [field.attname for field in fields]
    columns = [field.get_col(model._meta.db_table) for field in fields]
    converters = [
        (place, column, convert)
        for place, column in enumerate(columns)
        for convert in (
            *connection.ops.get_db_converters(column),
            *column.get_db_converters(connection),
        )
    ]
    primary_key = model._meta.pk
    assert primary_key is not None
    chosen = ", ".join(_column(model, name) for name in names)
    sql = f"SELECT {chosen} FROM {_table(model)} WHERE {_column(model, primary_key.name)} = %s"  # noqa: S608
    if lock and connection.features.has_select_for_update:
        sql += " " + connection.ops.for_update_sql(no_key=True)
    return sql, names, converters


@functools.cache
def _updating(
    model: type[models.Model], where: tuple[tuple[str, int | None], ...], changes: tuple[str, ...]
) -> str:
    assignments = ", ".join(f"{_column(model, name)} = %s" for name in changes)
    conditions = " AND ".join(
        f"{_column(model, name)} = %s"
        if number is None
        else f"{_column(model, name)} IN ({', '.join(['%s'] * number)})"
        for name, number in where
    )
    return f"UPDATE {_table(model)} SET {assignments} WHERE {conditions}"  # noqa: S608


@functools.cache
def _inserting(vendor: str, model: type[models.Model], names: tuple[str, ...]) -> str:
    columns = ", ".join(_column(model, name) for name in names)
    gaps = ", ".join(["%s"] * len(names))
    sql = f"INSERT INTO {_table(model)} ({columns}) VALUES ({gaps})"  # noqa: S608
    if vendor == "postgresql":
        primary_key = model._meta.pk
        assert primary_key is not None
        sql += f" RETURNING {_column(model, primary_key.name)}"
    return sql
