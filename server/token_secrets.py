"""Tokens as secrets: made at random, known again by their hash."""

import hashlib
import secrets

_MARK = "devmesh_"
"""So that people and scanners of secrets know one when they see it."""
_BYTES = 32


def new_token() -> str:
    """A token of 256 random bits."""
    return _MARK + secrets.token_urlsafe(_BYTES)


def hash_of(token: str) -> bytes:
    """The SHA-256 by which a token is known, 32 bytes.

    No slow hash and no salt: those buy time against guessing words that people choose, and 256
    random bits cannot be guessed at any speed, while each request would pay for them.
    """
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()
