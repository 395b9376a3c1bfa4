"""Pages of lists."""

from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

Item = TypeVar("Item")
T = TypeVar("T")
Position = tuple[datetime, int, T]
"""A position in a list that is ordered by time, FID and a third column that makes it unique."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRequest(Generic[T]):
    """At most `limit` items of a list that is ordered from newest to oldest.

    They come after the position `after` and are not older than `since`. None means no bound.
    """

    since: datetime | None
    after: Position[T] | None
    limit: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[Item, T]):
    """A page of a list. `next` is the position after which the next page begins."""

    items: list[Item]
    next: Position[T] | None
