"""Waiting for tiles: a lane that needs a part of a map waits until the lanes that make it have stored it."""

from collections.abc import Callable
from threading import Condition

from lwisp_mobile.frame.tiles import Tile


class AbandonedError(Exception):
    """What a lane waited for won't come: another lane has failed."""


class Arrivals:
    """Lets lanes of one frame wait for each other's tiles."""

    def __init__(self) -> None:
        """Nothing has come yet."""
        self._changed = Condition()
        self._abandoned = False

    def wait(self, there: Callable[[], bool]) -> None:
        """Return once something is there. Raises AbandonedError when it won't come."""
        with self._changed:
            self._changed.wait_for(lambda: self._abandoned or there())
            if self._abandoned:
                raise AbandonedError

    def tell(self) -> None:
        """Have those who wait look again."""
        with self._changed:
            self._changed.notify_all()

    def abandon(self) -> None:
        """End all waiting."""
        self._abandoned = True
        self.tell()


class Missing:
    """The tiles of a map that haven't come."""

    def __init__(self, tiles: tuple[Tile, ...], arrivals: Arrivals) -> None:
        """tiles: all that the map is made of."""
        self._tiles, self._arrivals = set(tiles), arrivals

    def wait(self, tile: Tile) -> None:
        """Return once all that a tile, its halo included, takes from the map is there. Raises AbandonedError."""
        if self._tiles:
            self._arrivals.wait(lambda: not any(_meets(tile, other) for other in tuple(self._tiles)))

    def store(self, tile: Tile) -> None:
        """A tile has come."""
        self._tiles.discard(tile)
        self._arrivals.tell()


def _meets(tile: Tile, other: Tile) -> bool:
    """Whether a tile takes a part of what another keeps."""
    sides = (tile.rows, other.rows), (tile.columns, other.columns)
    return all(mine.start < its.keep_stop and its.keep_start < mine.stop for mine, its in sides)
