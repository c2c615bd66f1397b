"""Values for the slots of a frame: their words in the question, their place in the call."""

from random import Random
from typing import Any

from prompts.training.grammar import table
from prompts.training.moments import age, moment, spoken, unit_words
from prompts.training.texts import Texts, slip

_UNIT_NAMES = {"s": "second", "m": "minute", "h": "hour", "d": "day", "w": "week"}
_LIMITS = (3, 4, 5, 5, 7, 8, 10, 10, 12, 15, 20, 25, 30, 40, 50, 60, 75, 100)
_ADVERBS = {"hourly": "1h", "daily": "1d", "weekly": "1w"}


class Values(Texts):
    """What one question says, gathered while its frame is filled."""

    def __init__(self, random: Random) -> None:
        super().__init__(random)
        self._said: dict[str, str] = {}

    def __call__(self, slot: str) -> str:
        """The words for a slot."""
        if slot.startswith("set_"):
            self._set(slot.removeprefix("set_"))
            return ""
        maker = getattr(self, f"_{slot.removesuffix('_same')}")
        if slot.endswith("_same") or slot in {"service", "host"}:
            base = slot.removesuffix("_same")
            if base not in self._said:
                self._said[base] = maker()
            return self._said[base]
        said: str = maker()
        self._said[slot] = said
        return said

    def _set(self, what: str) -> None:
        fixed: dict[str, dict[str, Any]] = {
            "new": {"new_only": True}, "oldest": {"order": "oldest"}, "host": {"scope": "host"},
            "everywhere": {"scope": "everywhere"}, "by_service": {"group_by": "service"},
            "by_level": {"group_by": "level"}, "by_code": {"group_by": "error_code"},
            "by_pattern": {"group_by": "pattern"},
        }  # fmt: skip
        self.arguments |= fixed[what]

    # Names

    def _service(self) -> str:
        name = self.service_name()
        self.arguments["service"] = name
        return self._as_said(name.removesuffix(".service") if self.random.random() < 0.8 else name)

    def service_name(self) -> str:
        """A name for a service."""
        if self.random.random() < 0.35:
            return self.pick("names", "services")
        joint = self.random.choice(["-", "-", "-", "_", ".", ""])
        name = self.pick("names", "service_heads") + joint + self.pick("names", "service_tails")
        return name + (".service" if self.random.random() < 0.06 else "")

    def _host(self) -> str:
        name = self.host_name()
        self.arguments["host"] = name
        return self._as_said(name)

    def host_name(self) -> str:
        """A name for a host."""
        if self.random.random() < 0.35:
            return self.pick("names", "hosts")
        joint = self.random.choice(["-", "-", "", "-0", "0", "_"])
        return f"{self.pick('names', 'host_heads')}{joint}{self.random.randint(1, 40)}"

    def _metric(self) -> str:
        name = self.pick("names", "metrics")
        if self.random.random() < 0.7:
            joint = self.random.choice(["_", "_", "_", ".", "-"])
            name = self.pick("names", "metric_heads") + joint + self.pick("names", "metric_tails")
        self.arguments["name"] = name
        said = self._as_said(name)
        return f"the {said}" if self.random.random() < 0.15 else said

    def _service_x(self) -> str:
        return self.service_name()

    def _host_x(self) -> str:
        return self.host_name()

    def _as_said(self, name: str) -> str:
        chance = self.random.random()
        if chance < 0.22:
            return name.replace("-", " ").replace("_", " ")
        if chance < 0.25:
            return name.upper()
        if chance < 0.33 and len(name) > 5:
            return slip(name, self.random)
        return name

    # How bad

    def _level(self) -> str:
        return self._leveled("level", "levels")

    def _level_plural(self) -> str:
        return self._leveled("level", "level_plurals")

    def _min_level(self) -> str:
        return self._leveled("min_level", "levels")

    def _min_plural(self) -> str:
        return self._leveled("min_level", "level_plurals")

    def _leveled(self, argument: str, words: str) -> str:
        weights = (8, 9, 26, 40, 12, 5) if argument == "level" else (2, 8, 45, 35, 9, 1)
        levels = list(table("words")[words])
        level = self.arguments.get("level") or self.arguments.get("min_level")
        if level not in levels:
            level = self.random.choices(levels, weights)[0]
        self.arguments.pop("level", None)
        self.arguments.pop("min_level", None)
        self.arguments[argument] = level
        return str(self.random.choice(table("words")[words][level]))

    def _two_levels(self) -> str:
        first, second = self.random.choice(
            [("WARN", "ERROR"), ("ERROR", "CRITICAL"), ("CRITICAL", "FATAL"), ("INFO", "WARN")]
        )
        self.arguments["level"] = [first, second]
        said = [self.random.choice(table("words")["level_plurals"][one]) for one in (first, second)]
        if self.random.random() < 0.5:
            said.reverse()
        return self.random.choice([" and ", " or ", " plus "]).join(said)

    # When

    def _when(self) -> str:
        return self._timed_by(started=False)

    def _timed(self) -> str:
        return self._timed_by(started=True)

    def _timed_by(self, *, started: bool) -> str:
        found = moment(self.random, started=started)
        for name, value in (("start_time", found.start), ("end_time", found.end)):
            self.arguments.pop(name, None)
            if value:
                self.arguments[name] = value
        return found.words

    def _compare(self) -> str:
        words = self.random.choice(list(table("words")["compared"]))
        self.arguments["compare_to"] = table("words")["compared"][words]
        return str(words)

    def _interval(self) -> str:
        if self.random.random() < 0.55:
            unit = self.random.choice("mhhd")
            self.arguments["interval"] = f"1{unit}"
            return _UNIT_NAMES[unit]
        number, unit = age(self.random)
        self.arguments["interval"] = f"{number}{unit}"
        return unit_words(number, unit, self.random)

    def _interval_adverb(self) -> str:
        word = self.random.choice(list(_ADVERBS))
        self.arguments["interval"] = _ADVERBS[word]
        return word

    # How much, which

    def _limit(self) -> str:
        self.arguments["limit"] = number = self.random.choice(_LIMITS)
        return spoken(number, self.random)

    def _column(self) -> str:
        column = self.random.choices(list(table("words")["columns"]), (30, 28, 20, 4, 4, 6, 6))[0]
        self.arguments["group_by"] = column
        return self.pick("columns", column)

    def _columns(self) -> str:
        word = self._column()
        return word[:-1] + "ies" if word.endswith("ty") else word + ("es" if word == "box" else "s")

    def _aggregate(self) -> str:
        kind = self.random.choices(list(table("words")["aggregates"]), (8, 8, 5, 3, 3, 1))[0]
        self.arguments["aggregate"] = kind
        return self.pick("aggregates", kind)

    def _labels(self) -> str:
        key, value = self.pick("names", "labels").split("=")
        self.arguments["labels"] = {key: value}
        return self.random.choice([f"{key}={value}", f"{key} {value}", f"{key} = {value}"])

    def _event(self) -> str:
        number = self.random.choice(
            [self.random.randint(1, 999), self.random.randint(1, 9_999_999)]
        )
        self.arguments["event_id"] = number
        return self.pick("texts", "events").replace("{n}", str(number))

    def _before(self) -> str:
        self.arguments["before"] = number = self.random.choice([2, 3, 4, 5, 8, 15, 20, 25, 30, 50])
        return spoken(number, self.random)

    def _after(self) -> str:
        self.arguments["after"] = number = self.random.choice([2, 3, 4, 5, 8, 15, 20, 25, 30, 50])
        return spoken(number, self.random)

    def _both(self) -> str:
        said = self._before()
        self.arguments["after"] = self.arguments["before"]
        return said
