"""What may stand in an argument of a prompt or in a resource's URI: the names in the store."""

import re

from mcp_types import CompleteRequestParams, Completion, PromptReference

from server.mcp_prompts import task_named
from server.mcp_resources import TEMPLATES
from server.mcp_tools import Opens
from tools.catalogue import TOOLS
from tools.errors import BadArguments, NotFound
from tools.plain import clean

_MOST = 100
"""The most values that the protocol allows."""

_IN_STORE = {"service": "services", "host": "hosts", "metric": "metrics"}
_FIXED = {
    "tool": tuple(tool.name for tool in TOOLS),
    "start_time": ("15m", "1h", "6h", "1d", "7d", "today", "yesterday"),
}


async def complete(asked: CompleteRequestParams, opens: Opens) -> Completion:
    """The values that begin with what was typed, then those that contain it, in any case.

    Raises:
        NotFound: for a prompt or template that does not exist.
        BadArguments: for an argument that it does not have.
    """
    name, known = asked.argument.name, _arguments(asked)
    if name not in known:
        rule = f"is no argument here; allowed: {', '.join(known)}"
        raise BadArguments.one(name[:100], rule, asked.argument.value[:100])
    if name in _IN_STORE:
        names = getattr(await (await opens()).store.catalogue(), _IN_STORE[name])
    else:
        names = _FIXED.get(name, ())
    found = _matching(names, asked.argument.value)
    return Completion(values=found[:_MOST], total=len(found), has_more=len(found) > _MOST)


def _arguments(asked: CompleteRequestParams) -> list[str]:
    if isinstance(asked.ref, PromptReference):
        return list(task_named(asked.ref.name).takes.model_fields)
    uri = asked.ref.uri
    if uri not in {template.uri_template for template in TEMPLATES}:
        forms = ", ".join(template.uri_template for template in TEMPLATES)
        raise NotFound(f"no template is {uri[:200]!r}; there are {forms}")
    return re.findall(r"{(\w+)}", uri)


def _matching(names: tuple[str, ...], typed: str) -> list[str]:
    """Names with control codes in them are nobody's to choose."""
    part = typed.casefold()
    ranked = [
        (not name.casefold().startswith(part), name)
        for name in names
        if part in name.casefold() and clean(name) == name
    ]
    return [name for _, name in sorted(ranked)]
