"""What an address may name behind its question mark: numbers, days, and the fields of a form."""

from __future__ import annotations

from datetime import date

from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request

LONGEST_NUMBER = 9


def number_in(written: str) -> int | None:
    """Read a number from an address, nothing from an empty one; raises HTTPException 404 for anything else."""
    if not written:
        return None
    if not written.isascii() or not written.isdecimal() or len(written) > LONGEST_NUMBER:
        raise HTTPException(404)
    return int(written)


def day_in(written: str) -> date | None:
    """Read a day from an address, nothing from an empty one; raises HTTPException 404 for anything else."""
    if not written:
        return None
    try:
        return date.fromisoformat(written)
    except ValueError:
        raise HTTPException(404) from None


def fields_in(request: Request) -> FormData:
    """Read the fields of a form that is sent by its address."""
    return FormData([*request.query_params.multi_items()])
