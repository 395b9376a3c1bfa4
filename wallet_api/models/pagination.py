"""Pages of lists."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Generic, Self, TypeVar

Item = TypeVar("Item")
T = TypeVar("T")
Position = tuple[datetime, int, T]
"""A position in a list that is ordered by time, FID and a third column that makes it unique."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[Item, T]):
    """A page of a list. `next` is the position after which the next page begins."""

    items: list[Item]
    next: Position[T] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRequest(Generic[T]):
    """At most `limit` items of a list that is ordered from newest to oldest.

    They come after the position `after` and are not older than `since`. None means no bound.
    """

    after: Position[T] | None
    limit: int
    since: datetime | None = None

    def with_next(self) -> Self:
        """Return a request with one more item, which shows whether there is another page."""
        return replace(self, limit=self.limit + 1)

    def page_of(self, found: list[Item], position: Callable[[Item], Position[T]]) -> Page[Item, T]:
        """Return the page of the items that with_next() found."""
        last = found[self.limit - 1] if len(found) > self.limit else None
        return Page(items=found[: self.limit], next=None if last is None else position(last))
