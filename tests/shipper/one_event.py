"""An entry written as fields, and the event it gives."""

from typing import Any

from shipper.mapping import to_event
from shipper.rules import Rules

CURSOR = "s=0639c5;i=1f2;b=4ad;m=7;t=5f;x=9a"
MOMENT = 1_795_489_445_123_456
DEFAULT = Rules()


def event(rules: Rules = DEFAULT, **fields: Any) -> dict[str, Any]:
    """The event of an entry given by its fields; text is taken as UTF-8."""
    raw = {k: v.encode() if isinstance(v, str) else v for k, v in fields.items()}
    return to_event(raw, CURSOR, MOMENT, rules)
