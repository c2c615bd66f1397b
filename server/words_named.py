"""What words stand for in a catalogue of names."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Named:
    """Names that the words may stand for, best first. Several: the question does not tell which.

    `sure` is how well the words fit the name, from 0 to 1; `span` where they stand; `together`
    that several are meant, each written out beside the other; `slip` the words themselves, where
    the name has other letters.
    """

    names: tuple[str, ...] = ()
    sure: float = 0.0
    span: tuple[int, int] = (0, 0)
    together: bool = False
    slip: str | None = None

    @property
    def name(self) -> str | None:
        """The one name, or the best."""
        return self.names[0] if self.names else None
