"""Windows: rectangular parts of a frame, and the margins that steps with reach need around them."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Window:
    """A part of a frame, in the pixels of the frame that it's a part of."""

    rows: slice
    columns: slice

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.rows.stop - self.rows.start, self.columns.stop - self.columns.start

    def widened(self, reach_px: int, size: tuple[int, ...]) -> "Window":
        """This part and what lies within reach of it, as far as the frame goes. size: the frame's rows and columns."""
        return Window(
            *(
                slice(max(part.start - reach_px, 0), min(part.stop + reach_px, side))
                for part, side in zip((self.rows, self.columns), size)
            )
        )

    def within(self, outer: "Window") -> "Window":
        """This part in the pixels of a wider one."""
        return Window(
            slice(self.rows.start - outer.rows.start, self.rows.stop - outer.rows.start),
            slice(self.columns.start - outer.columns.start, self.columns.stop - outer.columns.start),
        )

    def missing(self, reach_px: int, shape: tuple[int, ...]) -> list[tuple[int, int]]:
        """Pixels of reach that the frame's edges cut off: before and after, for rows and columns.

        This part is in the pixels of an array of that shape, which is the part widened.
        """
        parts = zip((self.rows, self.columns), shape)
        return [(reach_px - part.start, reach_px - (side - part.stop)) for part, side in parts]
