"""The shapes of answers: made from the frozen rows of the queries, so that what pages show and what programs get agree."""

from __future__ import annotations

import types
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import date, datetime, time
from enum import Enum
from functools import reduce
from operator import or_
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, create_model
from starlette.responses import JSONResponse, Response

from assurance.queries.card import Card, Shown
from assurance.queries.doors import Doors
from assurance.queries.pages import PER_PAGE
from assurance.queries.rows import Listed
from engine.moved import Ref

RefText = Annotated[str, Field(pattern=r"^[a-z_]+/\d+$", examples=["action/12"])]
MOST_ROWS = 200
_LISTS = (tuple, list, Sequence, Iterable, frozenset)
_SHAPES: dict[Any, type[BaseModel]] = {}
_UNIONS: tuple[Any, ...] = (Union, types.UnionType)


def shape_of(row: type[Any]) -> type[BaseModel]:
    """Give the shape of a row, field by field; a reference is written as action/12, a day as 2015-03-03."""
    if row not in _SHAPES:
        _SHAPES[row] = _shape_of(row)
    return _SHAPES[row]


def _shape_of(row: type[Any]) -> type[BaseModel]:
    hints = get_type_hints(row, include_extras=True)
    names = [one.name for one in fields(row)] if is_dataclass(row) else list(row._fields)
    about = (row.__doc__ or "").split("\n\n", maxsplit=1)[0]
    given: dict[str, Any] = {name: (_json(hints[name]), ...) for name in names}
    shape: type[BaseModel] = create_model(row.__name__, __doc__=about, **given)
    return shape


def list_of(row: type[Any]) -> Any:
    """Make the shape of a list of rows that has no pages."""
    return types.GenericAlias(list, (shape_of(row),))


def page_of_rows(row: type[Any]) -> type[BaseModel]:
    """Make the shape of one page of a list of rows."""
    item: Any = shape_of(row)
    shape: type[BaseModel] = create_model(
        f"{row.__name__}Page",
        __doc__="One page of a list. `hidden` counts what stands in it for others.",
        items=(list[item], ...),
        page=(int, Field(ge=1)),
        pages=(int, Field(ge=1)),
        total=(int, Field(ge=0)),
        hidden=(int, Field(ge=0)),
    )
    return shape


class LineShape(BaseModel):
    """One value of a subject."""

    model_config = ConfigDict(title="Line")

    name: str
    title: str
    value: str | int | bool | list[str] | None


class ColumnShape(BaseModel):
    """One column of a table."""

    model_config = ConfigDict(title="Column")

    name: str
    title: str


class GridShape(BaseModel):
    """A small table about a subject; each row holds its values by the names of the columns."""

    model_config = ConfigDict(title="Grid")

    name: str
    title: str
    columns: list[ColumnShape]
    rows: list[dict[str, str | int | bool | list[str] | None]]
    note: str


class SubjectShape(BaseModel):
    """One subject as you may see it, with every step out of its state: the open ones, and why not the others.

    The header ETag is its version; hand it back as If-Match with a step.
    """

    model_config = ConfigDict(title="Subject")

    ref: RefText
    name: str
    about: str
    state: str
    state_title: str
    state_about: str
    since_on: date | None
    version: int | None
    lines: list[LineShape]
    grids: list[GridShape]


def subject_shape() -> type[BaseModel]:
    """Make the shape of a subject with its doors."""
    doors: Any = shape_of(Doors)
    shape: type[BaseModel] = create_model("Subject", __base__=SubjectShape, doors=(doors, ...))
    return shape


class DoneShape(BaseModel):
    """What came of a step: the line of the history, the state after it, and the decision for which it now waits."""

    model_config = ConfigDict(title="Done")

    ref: RefText
    line: int
    state: str
    approval: RefText | None
    brought: list[str] = Field(description="What came along with it, in sentences.")


class EnteredShape(BaseModel):
    """What was entered: a subject of its own where there is one, else its number beside the subject."""

    model_config = ConfigDict(title="Entered")

    ref: RefText
    number: int | None = None


def written(value: Any) -> Any:
    """Write a row, or anything in it, as JSON knows it."""
    out: Any = value
    match value:
        case Ref():
            out = str(value)
        case Enum():
            out = value.value
        case date() | datetime() | time():
            out = value.isoformat()
        case Mapping():
            out = {str(name): written(one) for name, one in value.items()}
        case tuple() if hasattr(value, "_asdict"):
            out = {name: written(one) for name, one in value._asdict().items()}
        case frozenset():
            out = sorted(written(one) for one in value)
        case tuple() | list():
            out = [written(one) for one in value]
        case _ if is_dataclass(value):
            out = {one.name: written(getattr(value, one.name)) for one in fields(value)}
    return out


def subject_written(card: Card, doors: Doors | None) -> dict[str, Any]:
    """Write a card and the doors of its subject."""
    grids = [
        {
            "name": grid.name,
            "title": grid.title,
            "columns": [{"name": name, "title": title} for name, title in grid.columns],
            "rows": [
                {name: written(cell) for (name, _), cell in zip(grid.columns, row, strict=True)}
                for row in grid.rows
            ],
            "note": grid.note,
        }
        for grid in card.grids
    ]
    about: dict[str, Any] = written(card)
    return {**about, "grids": grids, "doors": written(doors)}


def answered(body: Any, *, version: int | None = None) -> Response:
    """Answer with JSON; a version becomes the ETag."""
    headers = {} if version is None else {"etag": f'"{version}"'}
    return JSONResponse(body, headers=headers)


def one_page(listed: Listed[Any] | Sequence[Any], page: int, per_page: int = PER_PAGE) -> Response:
    """Answer with one page of a list that was read whole; a page beyond the last is empty."""
    rows, hidden = (listed.rows, listed.hidden) if isinstance(listed, Listed) else (listed, 0)
    some = rows[(page - 1) * per_page : page * per_page]
    return answered(
        {
            "items": [written(row) for row in some],
            "page": page,
            "pages": max(1, -(-len(rows) // per_page)),
            "total": len(rows),
            "hidden": hidden,
        }
    )


def _json(hint: Any) -> Any:
    """Give the type that JSON has for the type of a field."""
    if hint is Shown:
        return str | int | bool | list[str] | None
    origin, args = get_origin(hint), get_args(hint)
    out: Any = hint
    if hint is Ref:
        out = RefText
    elif origin in _UNIONS:
        out = reduce(or_, (_json(one) for one in args))
    elif origin is tuple and args[-1:] != (...,):
        out = types.GenericAlias(tuple, tuple(_json(one) for one in args))
    elif origin in _LISTS:
        out = types.GenericAlias(list, (_json(args[0]),))
    elif isinstance(origin, type) and issubclass(origin, Mapping):
        out = types.GenericAlias(dict, (_json(args[0]), _json(args[1])))
    elif is_dataclass(origin):
        out = _of_generic(hint)
    elif is_dataclass(hint) or hasattr(hint, "_fields"):
        out = shape_of(hint)
    return out


def _of_generic(hint: Any) -> type[BaseModel]:
    """Give the shape of a row that holds rows of any sort, for one sort: a page of duties."""
    if hint not in _SHAPES:
        row, args = get_origin(hint), get_args(hint)
        hints = {name: _filled(one, args) for name, one in get_type_hints(row).items()}
        given: dict[str, Any] = {one.name: (_json(hints[one.name]), ...) for one in fields(row)}
        name = f"{row.__name__}Of{''.join(one.__name__ for one in args)}"
        shape: type[BaseModel] = create_model(name, __doc__=(row.__doc__ or "").splitlines()[0], **given)
        _SHAPES[hint] = shape
    return _SHAPES[hint]


def _filled(hint: Any, args: tuple[Any, ...]) -> Any:
    return hint[args] if getattr(hint, "__parameters__", ()) else hint
