"""Times as people say them, with the arguments they mean."""

from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

_UNITS = {
    "s": ("second", "seconds", "sec", "secs"),
    "m": ("minute", "minutes", "min", "mins"),
    "h": ("hour", "hours", "hr", "hrs"),
    "d": ("day", "days", "day", "days"),
    "w": ("week", "weeks", "wk", "weeks"),
}
_NUMBERS = {
    1: "one", 2: "two", 3: "three", 4: "four", 5: "five", 6: "six", 7: "seven", 8: "eight",
    9: "nine", 10: "ten", 12: "twelve", 15: "fifteen", 20: "twenty", 30: "thirty", 40: "forty",
    45: "forty-five", 50: "fifty", 90: "ninety",
}  # fmt: skip
_LAST = [
    "in the last", "over the past", "during the previous", "last", "past", "for the last",
    "within the last", "the last", "from the last", "of the past", "in the past",
    "over the last", "these last", "for the previous", "the previous", "in the preceding",
]  # fmt: skip
_FIXED = [
    ("today", "today", None), ("today", "today", None), ("since midnight", "today", None),
    ("this morning", "today", None), ("so far today", "today", None), ("for today", "today", None),
    ("yesterday", "yesterday", "today"), ("from yesterday", "yesterday", "today"),
    ("since yesterday", "yesterday", None), ("from yesterday on", "yesterday", None),
    ("this week", "1w", None), ("last week", "1w", None), ("in the past week", "1w", None),
    ("in the last hour", "1h", None), ("the past hour", "1h", None), ("last hour", "1h", None),
    ("over the last day", "1d", None), ("the past day", "1d", None), ("this past day", "1d", None),
    ("the last minute", "1m", None), ("for the past half hour", "30m", None),
    ("in the last half an hour", "30m", None), ("the last quarter of an hour", "15m", None),
    ("last couple of hours", "2h", None), ("the past couple of days", "2d", None),
    ("over the last fortnight", "2w", None), ("last month", "30d", None),
    ("in the last month", "30d", None), ("the past 24 hours", "24h", None),
    ("until yesterday", None, "yesterday"), ("before today", None, "today"),
    ("an hour and a half back", "90m", None), ("since an hour ago", "1h", None),
]  # fmt: skip
_MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August", "September",
           "October", "November", "December"]  # fmt: skip
_DAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]


@dataclass(frozen=True, slots=True)
class Moment:
    """Words, and the start and the end they mean; either may be open."""

    words: str
    start: str | None
    end: str | None


def moment(random: Random, *, started: bool = False) -> Moment:
    """A time range in words; with `started` one that is open at its end."""
    kinds = [_age, _age, _age, _age, _fixed, _fixed, _fixed, _clock, _dated]
    if not started:
        kinds += [_between, _older]
    while True:
        found = random.choice(kinds)(random)
        if not started or (found.start and not found.end):
            return found


def age(random: Random) -> tuple[int, str]:
    """A number and its unit's letter."""
    unit = random.choices("smhdw", (3, 25, 35, 25, 8))[0]
    most = {"s": 90, "m": 90, "h": 72, "d": 30, "w": 6}[unit]
    few = random.random() < 0.6
    return random.randint(2, min(12, most)) if few else random.randint(2, most), unit


def spoken(number: int, random: Random) -> str:
    """A number as figures, sometimes as a word."""
    return _NUMBERS.get(number, str(number)) if random.random() < 0.3 else str(number)


def unit_words(number: int, unit: str, random: Random) -> str:
    """`3 hours`, `3 hrs`, `three hours` or `3h`."""
    if random.random() < 0.3:
        return f"{number}{unit}"
    one, many, short, shorts = _UNITS[unit]
    word = random.choice([many, many, shorts] if number > 1 else [one, short])
    return f"{spoken(number, random)} {word}"


def _age(random: Random) -> Moment:
    number, unit = age(random)
    words = unit_words(number, unit, random)
    form = random.random()
    if form < 0.12:
        words = f"since {words} ago"
    elif form < 0.2:
        words = f"{words} back"
    elif form < 0.26 and words[0].isdigit():
        pass
    else:
        words = f"{random.choice(_LAST)} {words}"
    return Moment(words, f"{number}{unit}", None)


def _fixed(random: Random) -> Moment:
    return Moment(*random.choice(_FIXED))


def _day(random: Random) -> date:
    return date(2026, 1, 1) + timedelta(days=random.randint(0, 600))


def _hour(random: Random) -> tuple[str, str]:
    hour, minute = random.randint(0, 23), random.choice([0, 0, 0, 15, 30, 45, 5])
    if random.random() < 0.5:
        return f"{hour}:{minute:02}", f"{hour:02}:{minute:02}:00"
    tail = "am" if hour < 12 else "pm"
    shown = f"{(hour - 1) % 12 + 1}" + (f":{minute:02}" if minute else "")
    return shown + random.choice(["", " "]) + tail, f"{hour:02}:{minute:02}:00"


def _clock(random: Random) -> Moment:
    words, clock = _hour(random)
    cue = random.choice(["since", "after", "from", "since", "starting at", "beginning at"])
    day = _day(random).isoformat()
    if random.random() < 0.2:
        return Moment(
            f"{random.choice(['before', 'until', 'up to'])} {words}", None, f"{day}T{clock}"
        )
    tail = random.choice(["", "", " today", " on", " this morning"])
    return Moment(f"{cue} {words}{tail}", f"{day}T{clock}", None)


def _between(random: Random) -> Moment:
    day = _day(random)
    (first, begin), (second, end) = sorted((_hour(random), _hour(random)), key=lambda one: one[1])
    joint = random.choice(["between {} and {}", "from {} to {}", "{} to {}", "from {} until {}"])
    tail = random.choice(["", "", " today", " yesterday"])
    words = joint.format(first, second) + tail
    return Moment(words, f"{day}T{begin}", f"{day}T{end}")


def _older(random: Random) -> Moment:
    near, unit = age(random)
    far = near + random.randint(1, 9)
    many = _UNITS[unit][1]
    if random.random() < 0.4:
        words = f"{random.choice(['up to', 'before', 'older than'])} {near} {many} ago"
        return Moment(
            words.replace(" ago", "") if "older" in words else words, None, f"{near}{unit}"
        )
    words = random.choice(["between {a} and {b} {u} ago", "from {b} to {a} {u} ago"])
    return Moment(words.format(a=near, b=far, u=many), f"{far}{unit}", f"{near}{unit}")


def _dated(random: Random) -> Moment:
    day = _day(random)
    after = (day + timedelta(days=1)).isoformat()
    name, short = _MONTHS[day.month - 1], _MONTHS[day.month - 1][:3]
    words = random.choice([day.isoformat(), f"{name} {day.day}", f"{day.day} {short}",
                           f"{short} {day.day}", f"the {day.day}th of {name}",
                           _DAYS[day.weekday()]])  # fmt: skip
    if random.random() < 0.55:
        cue = random.choice(["since", "after", "from", "since"])
        return Moment(f"{cue} {words}", day.isoformat(), None)
    if random.random() < 0.2:
        return Moment(f"{random.choice(['before', 'until'])} {words}", None, day.isoformat())
    return Moment(f"on {words}", day.isoformat(), after)
