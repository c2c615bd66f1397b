"""How much of one event is kept."""

MESSAGE_MAX_BYTES = 65_535
"""The longest message, in UTF-8 bytes: what a MariaDB TEXT column holds."""

META_MAX_BYTES = 262_144
"""The most meta_json, in bytes of JSON."""
