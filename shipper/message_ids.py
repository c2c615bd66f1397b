"""What an entry reports: the journal's well-known MESSAGE_IDs, else where it came from."""

from shipper.fields import Entry, first

EVENT_TYPES = {
    "f77379a8490b408bbe5f6940505a777b": "journal.started",
    "d93fb3c9c24d451a97cea615ce59c00b": "journal.stopped",
    "a596d6fe7bfa4994828e72309e95d61e": "journal.dropped",
    "e9bf28e6e834481bb6f48f548ad13606": "journal.missed",
    "fc2e22bc6ee647b6b90729ab34a250b1": "coredump",
    "5aadd8e954dc4b1a8c954d63fd9e1137": "coredump.truncated",
    "8d45620c1a4348dbb17410da57c60c66": "session.started",
    "3354939424b4456d9802ca8333ed424a": "session.stopped",
    "24d8d4452573402496068381a6312df2": "machine.started",
    "58432bd3bace477cb514b56381b8a758": "machine.stopped",
    "c7a787079b354eaaa9e77b371893cd27": "time.change",
    "45f82f4aef7a4bbf942ce861d1f20990": "timezone.change",
    "b07a249cd024414a82dd00cd181378ff": "system.started",
    "98268866d1d54a499c4e98921d93bc40": "system.shutdown",
    "6bbd95ee977941e497c48be27c254128": "system.sleep",
    "8811e6df2a8e40f58a94cea26f8ebf14": "system.resume",
    "7d4958e842da4a758f6c1cdc7b36dcc5": "unit.starting",
    "39f53479d3a045ac8e11786248231fbf": "unit.started",
    "be02cf6855d2428ba40df7e9d022f03d": "unit.failed",
    "de5b426a63be47a7b6ac3eaac82e2f6f": "unit.stopping",
    "9d1aaa27d60140bd96365438aad20286": "unit.stopped",
    "5eb03494b6584870a536b337290809b3": "unit.restart",
    "d9b373ed55a64feb8242e02dbe79a49c": "unit.result",
    "98e322203f7a4ed290d09fe03c09fe15": "unit.process_exit",
    "d989611b15e44c9dbf31e3c81256e4ed": "unit.oomd_kill",
    "fe6faa94e7774663a0da52717891d8ef": "unit.oom",
}
"""By MESSAGE_ID, as sd-messages.h lists them."""

_OOM_SIGNS = (
    "Out of memory: Kill",
    "Memory cgroup out of memory",
    "invoked oom-killer",
    "oom-kill:",
    "oom_reaper:",
)


def event_type(entry: Entry, message: str) -> str:
    """A dotted name such as `unit.failed`; `log` for an ordinary line."""
    if "MESSAGE_ID" in entry:
        known = EVENT_TYPES.get(first(entry, "MESSAGE_ID").strip().replace("-", "").lower())
        if known:
            return known
    transport = first(entry, "_TRANSPORT")
    if transport == "kernel":
        return "kernel.oom" if any(sign in message for sign in _OOM_SIGNS) else "kernel"
    return "audit" if transport == "audit" else "log"
