"""Texts and identifiers for the slots of a frame."""

import string
from random import Random
from typing import Any

from prompts.training.grammar import table


class Texts:
    """What one question says, gathered while its frame is filled: its texts."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.arguments: dict[str, Any] = {}

    def pick(self, group: str, name: str) -> str:
        """One of the words of a list."""
        return str(self.random.choice(table("words")[group][name]))

    def _contains(self) -> str:
        self.arguments["contains"] = text = self.pick("texts", "contains")
        return self._marked(text)

    def _text(self) -> str:
        self.arguments["text"] = text = self.message()
        return self._marked(text) if self.random.random() < 0.8 else f": {text}"

    def _bare_text(self) -> str:
        self.arguments["text"] = text = self.message()
        return text

    def _plain_text(self) -> str:
        return self._bare_text()

    def message(self) -> str:
        """An error message or a complaint."""
        text = self.pick("texts", "messages")
        word = self.pick("texts", "fillers")
        for slot, value in (("{word}", word), ("{Word}", word.title()), ("{WORD}", word.upper())):
            text = text.replace(slot, value)
        text = text.replace("{letter}", self.random.choice("abcd"))
        while "{n}" in text:
            text = text.replace(
                "{n}",
                str(self.random.choice([self.random.randint(1, 12), self.random.randint(1, 9000)])),
                1,
            )
        return text.replace('"', "'")

    def _marked(self, text: str) -> str:
        mark = self.random.choices(['"', "'", "`", ""], (50, 15, 10, 25))[0]
        return f"{mark}{text}{mark}" if not (mark == "'" and "'" in text) else f'"{text}"'

    def _trace(self) -> str:
        size = self.random.choice([6, 8, 12, 16, 32])
        self.arguments["trace_id"] = "".join(self.random.choices("0123456789abcdef", k=size))
        return str(self.arguments["trace_id"])

    def _code(self) -> str:
        letters = "".join(
            self.random.choices(string.ascii_uppercase, k=self.random.choice([1, 2, 3, 4]))
        )
        number = self.random.randint(1, 9999)
        self.arguments["error_code"] = code = self.random.choice(
            [
                f"{letters}{number}",
                f"{letters}-{number}",
                f"{letters}_{number}",
                f"E{number}",
                str(self.random.randint(400, 599)),
            ]
        )
        return code

    def _code_word(self) -> str:
        return self.random.choice(["error code", "code", "error code", "errcode"])

    def _event_type(self) -> str:
        self.arguments["event_type"] = kind = self.pick("names", "event_types")
        return kind.replace("_", " ") if self.random.random() < 0.2 else kind

    def _source(self) -> str:
        self.arguments["source"] = self.pick("names", "sources")
        return str(self.arguments["source"])


def slip(word: str, random: Random) -> str:
    """The word with one slip of the fingers."""
    place = random.randrange(1, len(word) - 1)
    kind = random.randrange(4)
    if kind == 0:
        return word[:place] + word[place + 1 :]
    if kind == 1:
        return word[:place] + word[place + 1] + word[place] + word[place + 2 :]
    if kind == 2:
        return word[:place] + word[place] + word[place:]
    return word[:place] + random.choice(string.ascii_lowercase) + word[place + 1 :]
