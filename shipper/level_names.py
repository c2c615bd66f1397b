"""The names by which programs call levels in their lines."""

from tools.levels import SYNONYMS, Level

LEVEL_OF: dict[str, Level] = {
    **SYNONYMS,
    "LOG": Level.INFO,
    "NOTE": Level.INFO,
    "SYSTEM": Level.INFO,
    "INF": Level.INFO,
    "DEBU": Level.DEBUG,
    "DBUG": Level.DEBUG,
    "TRAC": Level.DEBUG,
    "TRCE": Level.DEBUG,
    "FINE": Level.DEBUG,
    "ERRO": Level.ERROR,
    "FAIL": Level.ERROR,
    "FATA": Level.FATAL,
    "FTL": Level.FATAL,
    "PANI": Level.FATAL,
    "E": Level.ERROR,
    "W": Level.WARN,
    "I": Level.INFO,
    "D": Level.DEBUG,
    "F": Level.FATAL,
}

LEVEL_NAMES = tuple(sorted((name for name in LEVEL_OF if len(name) > 1), key=len, reverse=True))
"""Those that stand for themselves; a single letter takes more to be one."""
