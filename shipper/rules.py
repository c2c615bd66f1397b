"""What sites may decide about mapping."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Rules:
    """What may differ between sites.

    `user_units_as_session` names the programs of a user's session by the session's unit,
    user@1000.service, and not by their own.
    """

    redact: bool = True
    user_units_as_session: bool = False
