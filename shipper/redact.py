"""Secrets in log text, replaced by `[redacted:<kind>]` before a line leaves its host."""

import re
from typing import Any

from shipper.secret_commands import hide_commands
from shipper.secret_headers import hide_headers
from shipper.secret_keys import hide_keyed, is_secret, kind_of_key
from shipper.secret_phrases import hide_phrases
from shipper.secret_rules import lowered
from shipper.secret_shapes import hide_blocks, hide_shapes

# Searched in lower-case text. Every alternative begins with a plain character, which is what makes
# the search skip quickly. It may hit for nothing, but must not miss.
_SIGNS = re.compile(
    r"p(?:ass(?:[wpc=:_.\"' -]|$)|swd|wd|sk[\"'=: ]|in[ :=]|rivate-l)"
    r"|s(?:ecret|ess(?:[_.-]?i|ion[_\"'=: ]|[=:])|id[\"'=: ]|nmp)"
    r"|token|ke(?:y[s_\"'=: .\])>-]|nnwort)|jwt|b(?:earer |asic |egin |indpw)|o(?:tp|per |racle)"
    r"|auth[^oe]|author?iz|m(?:ot_?de|c |asterau)|c(?:red|ookie|vv|vc|ommunity|ontrase|ode[ :=])"
    r"|identif|r(?:equirep|[ow]comm)|@|add_user|net us|value|e(?:nable |cho |xpdp)|freerdp"
    r"|login |htpasswd"
    r"|<<<| (?:-{1,2}[a-z]*[puawkxcs]|/p[a:])|[\"']-|\| "
)


def redact(text: str) -> str:
    """The text with every secret that is recognised replaced; all else is left as it is."""
    text = hide_shapes(text)
    if not _SIGNS.search(lowered(text)):
        return text
    text = hide_headers(hide_blocks(text))
    return hide_phrases(hide_commands(hide_keyed(text)))


def redact_value(key: str, value: Any) -> Any:
    """A value as redact leaves it, or hidden whole when its key names a secret."""
    if isinstance(value, str):
        kind = kind_of_key(key) if _SIGNS.search(f"{key.lower()}=") else ""
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
