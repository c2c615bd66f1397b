"""Steps of an answer as a terminal shows them while they happen, or as JSON lines."""

from server.show import Screen
from server.steps import AskedBack, Called, Done, Read, RoundStarted, Step, Told, Wrote
from tools.plain import one_line


class Teller:
    """Tells the steps of one question. The rows themselves are shown when one call answers it all;
    of several calls only what they say.
    """

    def __init__(self, screen: Screen, question: str, rows: int) -> None:
        self._screen = screen
        self._question = question.strip()
        self._rows = rows
        self._whole = True

    def tell(self, step: Step) -> None:
        """Show one step."""
        screen = self._screen
        match step:
            case RoundStarted():
                self._begin(step)
            case Called():
                screen.say(f"→ {one_line(step.call.text, 300)}", "cyan")
                if step.unsure:
                    screen.say(f"  not sure that this is meant: {step.unsure}", "yellow")
            case Read() if self._whole:
                screen.rows(step.page, self._rows)
            case Told():
                screen.say(step.facts.text)
            case AskedBack():
                screen.say(step.question, "yellow")
            case _:
                self._end(step)

    def _begin(self, step: RoundStarted) -> None:
        self._whole = step.asked == self._question
        if not self._whole:
            if step.number > 1:
                self._screen.say("")
            self._screen.say(f"{step.number}. {one_line(step.asked, 200)}", "bold")

    def _end(self, step: Step) -> None:
        if isinstance(step, Wrote) and step.prose.text:
            self._screen.say(f"In words (checked against the rows): {step.prose.text}")
        elif isinstance(step, Done) and step.answer.stopped:
            self._screen.say(step.answer.stopped, "yellow")


def as_line(step: Step) -> dict[str, object]:
    """A step as one JSON object a line."""
    name, said = step.as_event()
    return {"event": name, **said}
