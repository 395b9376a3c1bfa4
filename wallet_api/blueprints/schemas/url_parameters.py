"""Fields of URL parameters, and the base schemas of queries."""

import re
from datetime import date, datetime
from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields, validate

from wallet_api.auth.fids import parse_fid
from wallet_api.models import MAX_FID

_TIME = re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+ -]\d\d:\d\d))?", re.ASCII)
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_NUMBER = re.compile(r"0|[1-9][0-9]{0,17}", re.ASCII)
_YEARS = range(1970, 9000)


class Moment(fields.Field[datetime]):
    """A point in time in a query: ISO 8601 with an offset, or a day in UTC."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> datetime:
        if _TIME.fullmatch(value):
            # An unescaped plus in a URL is decoded to a space.
            text = value.replace(" ", "+") if "T" in value else f"{value}T00:00Z"
            try:
                moment = datetime.fromisoformat(text)
            except ValueError:
                pass
            else:
                if moment.year in _YEARS:
                    return moment
        raise ValidationError(
            "must be a day, or a time with an offset, such as 2026-11-22T10:42:23Z."
        )


class Number(fields.Field[int]):
    """A whole number in a query, in ASCII digits."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int:
        if not _NUMBER.fullmatch(value):
            raise ValidationError("must be a whole number.")
        return int(value)


class Day(fields.Field[date]):
    """A day in a query, such as 2026-11-22."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> date:
        try:
            day = date.fromisoformat(value) if _DAY.fullmatch(value) else None
        except ValueError:
            day = None
        if day is None or day.year not in _YEARS:
            raise ValidationError("must be a day such as 2026-11-22.")
        return day


class Fid(fields.Field[int]):
    """A Farcaster id in a query."""

    smallest = 1

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int:
        fid = 0 if value == "0" else parse_fid(value)
        if fid is None or fid < self.smallest:
            raise ValidationError(f"must be a whole number from {self.smallest} to {MAX_FID}.")
        return fid


def require_printable(text: str) -> None:
    """Raise ValidationError unless the text is printable and not blank."""
    if not text.isprintable() or not text.strip():
        raise ValidationError("must be printable text.")


def require_order(start: datetime | None, end: datetime | None, *, names: tuple[str, str]) -> None:
    """Raise ValidationError if a range has both ends and contains no time. `names` are theirs."""
    if start is not None and end is not None and start >= end:
        raise ValidationError(f'must be earlier than "{names[1]}".', field_name=names[0])


DAY = {"type": "string", "format": "date"}
MOMENT = {
    "type": "string",
    "anyOf": [{"format": "date-time"}, {"format": "date"}],
    "examples": ["2026-11-22T10:42:23Z", "2026-11-22"],
}


class Query(Schema):
    """URL parameters. Unknown ones are rejected, because a filter must not be ignored."""

    class Meta:
        unknown = RAISE

    error_messages = {"unknown": "unknown parameter."}

    def on_bind_field(self, field_name: str, field_obj: fields.Field[Any]) -> None:
        # A URL parameter cannot be null, even if its default is None.
        field_obj.allow_none = False


class PageQuery(Query):
    limit = Number(
        load_default=50,
        validate=validate.Range(1, 100, error="must be from {min} to {max}."),
        metadata={
            "type": "integer",
            "minimum": 1,
            "maximum": 100,
            "description": "The maximum number of items.",
        },
    )
    cursor = fields.String(
        load_default=None, metadata={"description": "The next_cursor of the previous page."}
    )
