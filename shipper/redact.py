"""Secrets in log text, replaced by `[redacted:<kind>]` before a line leaves its host."""

from typing import Any

from shipper.glance import NO_SECRET, glance
from shipper.secret_commands import COMMANDS
from shipper.secret_headers import HEADERS
from shipper.secret_keys import hide_keyed, is_secret, kind_of_key
from shipper.secret_phrases import PHRASES
from shipper.secret_shapes import hide_shapes


def redact(text: str) -> str:
    """The text with every secret that is recognised replaced; all else is left as it is."""
    seen = glance(text)
    if seen <= NO_SECRET:
        return text
    text = HEADERS.hide(hide_shapes(text, seen), seen)
    if "keyed" in seen:
        text = hide_keyed(text)
    if "command" in seen:
        text = COMMANDS.hide(text, seen)
    return PHRASES.hide(text, seen)


def redact_value(key: str, value: Any) -> Any:
    """A value as redact leaves it, or hidden whole when its key names a secret."""
    if isinstance(value, str):
        kind = kind_of_key(key)
        if kind and is_secret(kind, value):
            return f"[redacted:{kind}]"
        return redact(value)
    if isinstance(value, dict | list):
        return _redact_inner(key, value)
    if isinstance(value, int) and not isinstance(value, bool):
        kind = kind_of_key(key)
        return f"[redacted:{kind}]" if kind and is_secret(kind, str(value)) else value
    return value


def redact_json(fields: dict[str, Any]) -> dict[str, Any]:
    """The object with the secrets in its values replaced, at any depth."""
    return {key: redact_value(key, value) for key, value in fields.items()}


def _redact_inner(key: str, value: Any) -> Any:
    if isinstance(value, list):
        return [redact_value(key, each) for each in value]
    name, held = value.get("name", value.get("key")), value.get("value")
    inner = redact_json(value)
    if isinstance(name, str) and isinstance(held, str):
        # The way container platforms print an environment.
        inner["value"] = redact_value(name, held)
    return inner
