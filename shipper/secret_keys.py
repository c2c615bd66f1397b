"""Secrets named by their key: password=…, "apiKey": "…", DB_PASS: …, and what else has a key."""

import re
from collections.abc import Callable
from functools import lru_cache

from shipper.secret_rules import lowered
from shipper.secret_values import is_algorithm, is_mixed, is_name, is_nothing, is_place

_WORD = (
    r"p(?:ass(?:word|wd|phrase|code|wort)?|swd|wd|sk)|s(?:ecret|ess(?:ion)?(?:[ _.-]?id)?|id)"
    r"|t(?:oken)|k(?:ey|ennwort)|j(?:wt)|b(?:earer)|otp|auth|mot_?de_?passe"
    r"|c(?:redential|red|ookie|vv|vc|ommunity|ontrase(?:ñ|n)a)"
)
_WORDS = re.compile(_WORD)
_KINDS_OF_KEY = re.compile(
    r"(?:api|app|application|access|account|secret|private|priv|shared|encryption|encrypt|enc"
    r"|signing|sign|master|auth|service|storage|consumer|license|hmac|aes|fernet|jwt|ssh|webhook"
    r"|session|subscription|integration|deploy|client|admin|root|wep|csrf|host|pass)[ _.-]?$"
)
_QUOTED = (
    r"\\?\"[^\"\\\n]*+(?:\\(?!\")[^\"\\\n]*+|(?<!\")\\\"(?=[^\"\n]*[^\\]\"))*+\\?\"?"
    r"|\\?'[^'\n]*'?"
)
# A delimiter belongs to an unquoted value where more of the value follows, not another key.
_PLAIN = (
    r"(?:[^\s\"'`<>&;,(){}\[\]\\]|\\(?![nrt\"'])|&(?![\w.\[\]-]+=|\s|$)|;(?!\s|$|[\w .-]+=)"
    r"|,(?!\s|$|[\w.\"' -]+[=:])|[(){}\[\]<>\"'`](?=[^\s\"'`,;&(){}\[\]<>])){1,400}"
)
_KEYED = re.compile(
    rf"(?P<word>{_WORD})(?P<tail>[a-z0-9_.-]{{0,40}})"
    r"(?P<sep>(?:\\?[\"'\]`]){0,2}\s{0,6}(?:=>|:=|={1,3}|::?(?!//)|%3[da]|\\u003d)\s{0,6}"
    r"(?:[bur](?=[\"'])|\(|\[(?=[\"']))?)"
    r"(?P<value><[\w :-]*>|\[[\w :-]*\]|(?:\{\{|\$\{)[^}\n]{0,80}\}+|\{[\w .-]{0,80}\}+"
    r"|\$\([^)\n]{0,80}\)"
    rf"|{_QUOTED}|(?!\{{[\w ]*[:=]){_PLAIN})"
)
# White space as `re` knows it: RE2's own is ASCII's, and not all of that.
_SPACES = r"[\s\x0b\x1c-\x1f\x{80}-\x{10ffff}]*"
KEYED_SIGN = rf"(?i)(?:{_WORD})[a-z0-9_.-]*(?:\\?[\"'\]`])*{_SPACES}(?:=|:|%3[da]|\\u003d)"
"""Found wherever a secret's key has a value."""

_LONGEST = 400
"""Characters of an unquoted value that are judged; a longer one is hidden whole."""
_REST = re.compile(r"[^\s\"'`&;,]*")
_KEY_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789_.-")
_NEXT_KEY = re.compile(r"\s*(?:[,;}\])|\n]|\\n|[\w.-]+\s?[:=])")

_PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_ABOUT_LIST = """
    file files filename path paths dir directory folder name names type types length len size
    count counts counter ttl timeout expiry expires expired expiration expire expiring age url
    uri urls link endpoint host policy min max limit limits attempts tries retries retry prompt
    field fields column param parameter required enabled disabled status state change changes
    changed strength rotation rotated history hint id ids version store manager provider method
    methods mode algorithm alg algo format prefix suffix issuer audience scope scopes kind class
    bucket rate usage used budget stdin env reset valid validity check verify verified verification
    error errors failure failures fail failed ok days hours minutes seconds secs sec ms at on date
    time times by for ref reference arn location source engine backend service server helper
    command cmd program agent plugin module handler page form label title text message msg dialog
    lookup index position pos line column num number per total remaining left cost usd manager
    domain secure samesite httponly lifetime duration interval refresh_interval created updated
    success accepted rejected denied present exists missing needed needs is was has set sent
    encryption encoding charset cache hit miss mac bits fingerprint owner group user users
    process processes pid tid code reason result event events level log logs logger table row rows
"""
_ABOUT = frozenset(_ABOUT_LIST.split())
_LAST_LETTERS = re.compile(r"[a-z]+$")
_OBJECT = re.compile(r"[A-Za-z][\w.$]*[@{][0-9a-f]{4,8}")
_PLURAL = re.compile(r"s(?![a-z])")
_BOUND = "auth pass session sess cookie cred otp community psk sid sessid sessionid cvc cvv jwt"
_NEED_A_BOUNDARY = frozenset(_BOUND.split())
_HEADS = """
    db pg root user admin my ssh smtp ftp mail key trust bind redis http proxy sudo mysql store vnc
    ldap mqtt mq j php asp web t h
"""
_COMMON_HEADS = frozenset(_HEADS.split())
_FAMILIES = {
    "token": ("token", "jwt", "bearer", "otp"),
    "session": ("sess", "sid", "cookie"),
    "auth": ("auth", "cred", "community"),
}
"""The words of each kind that is not a password's, a key's or a secret's own."""


def hide_keyed(text: str) -> str:
    """The text without the values of secret keys."""
    low = lowered(text)
    pieces, done, place = [], 0, 0
    while found := _KEYED.search(low, place):
        # What is no secret may hold one: session: token=…
        place = found.start("value")
        if hidden := _hidden(found, text):
            pieces += [text[done:place], hidden]
            rest = _REST.match(low, found.end()) if found.end() - place >= _LONGEST else None
            done = place = rest.end() if rest else found.end()
    if not pieces:
        return text
    pieces.append(text[done:])
    return "".join(pieces)


@lru_cache(maxsize=4_096)
def kind_of_key(key: str) -> str:
    """The kind of secret that a field of this name holds; '' for an ordinary name."""
    return _kind_of(key, lowered(key), 0)


def is_secret(kind: str, value: str, firm: bool = True) -> bool:
    """Whether the value under a key of that kind is one; `firm` where it cannot be prose."""
    if is_nothing(value) or (value.isdigit() and len(value) < 4):
        return False
    return _JUDGES[kind](value, firm)


def _hidden(found: re.Match[str], text: str) -> str:
    """What stands for the value of a key; '' when it may stay."""
    low, start, (first, last) = found.string, found.start(), found.span("value")
    while start and low[start - 1] in _KEY_LETTERS and start > found.start() - 60:
        start -= 1
    kind = _kind_of(text[start : found.end("tail")], low, start)
    value = text[first:last]
    if not kind or (value[0] in "/~" and found["word"] == "pwd"):
        return ""
    if found["sep"][0] == ":" and text.startswith("PASS:", start):
        return ""  # a test's verdict
    quoted = value[0] in "\\\"'"
    bare = value.strip("\\").strip("\"'").strip("\\") if quoted else value
    told = bare if quoted else bare.rstrip(".,;:)")
    firm = quoted or _is_firm(found, text)
    if not is_secret(kind, told, firm):
        return ""
    return value.replace(told, f"[redacted:{kind}]", 1)


def _is_firm(found: re.Match[str], text: str) -> bool:
    """Whether an assignment stands here, not a colon in a sentence."""
    sep, rest = found["sep"], text[found.end() : found.end() + 40]
    if ":" not in sep or "=" in sep or sep[0] in "\"'\\]`":
        return True
    if found["tail"] == "s":
        return False
    # YAML and Go's %+v: nothing follows the value but another key or the end.
    return not rest.strip() or _NEXT_KEY.match(rest) is not None


def _kind_of(key: str, text: str, start: int) -> str:
    """By the last word of the key that makes it one: `auth_token_file` is a file."""
    kind = ""
    for found in _WORDS.finditer(lowered(key)):
        word, tail = found[0], key[found.end() :]
        before = text[max(0, start - 16) : start] + lowered(key)[: found.start()]
        if _may_join(key, found.start(), word, before) and _may_follow(word, tail):
            kind = _family(word, tail)
    return kind


def _family(word: str, tail: str) -> str:
    if word in ("key", "secret"):
        return "api_key" if word == "key" else word
    for kind, words in _FAMILIES.items():
        if word.startswith(words):
            return kind
    return "password"


def _may_join(key: str, start: int, word: str, before: str) -> bool:
    """Whether what stands before makes a key (dbpassword, api key), not a word (bypass)."""
    if word == "key":
        return _KINDS_OF_KEY.search(before) is not None
    head = key[:start]
    if not head[-1:].isalpha() or (head[-1].islower() and key[start].isupper()):
        return True
    letters = _LAST_LETTERS.search(head.lower())
    joined = letters[0] if letters else ""
    if word in _NEED_A_BOUNDARY:
        return joined in _COMMON_HEADS
    return joined not in ("non", "un", "de", "anti")


def _may_follow(word: str, tail: str) -> bool:
    """Whether the rest of the key leaves it a secret: PASSWORD_2 does, password_file does not."""
    if tail[:1].islower() and not _PLURAL.match(tail):
        return False
    parts = [part.lower() for part in _PARTS.findall(tail)]
    if word == "secret" and parts == ["id"]:
        return True
    if word.startswith("sess"):
        return not parts or parts[-1] in ("id", "key", "token", "cookie", "value")
    last = next((part for part in reversed(parts) if not part.isdigit()), "")
    return last not in _ABOUT


def _password(value: str, firm: bool) -> bool:
    if is_place(value) and not value.startswith("~"):
        return False
    if firm:
        return len(value) > 1 and not (" " in value and _is_prose(value))
    return any(not c.isalpha() and c not in "-_'/." for c in value)


def _is_prose(value: str) -> bool:
    return all(is_nothing(part) for part in value.split()[:2])


def _key(value: str, firm: bool) -> bool:
    if is_place(value) or is_name(value):
        return False
    if value.isdigit():
        return firm and len(value) > 6
    return len(value) > 3 if firm else is_mixed(value, 6)


def _token(value: str, firm: bool) -> bool:
    if is_place(value) or is_name(value) or _OBJECT.fullmatch(value):
        return False
    if value.isdigit():
        return firm and len(value) > 5
    if is_mixed(value, 5 if firm else 8):
        return True
    return firm and value.isalpha() and len(value) > 11 and not value.istitle()


def _session(value: str, _firm: bool) -> bool:
    if is_place(value) or is_name(value) or value.startswith(("S-1-", "0x")):
        return False
    return is_mixed(value, 16)


def _loose(value: str, firm: bool) -> bool:
    if is_algorithm(value) or is_place(value) or is_name(value):
        return False
    return firm and is_mixed(value, 7)


_JUDGES: dict[str, Callable[[str, bool], bool]] = {
    "password": _password,
    "api_key": _key,
    "secret": _key,
    "token": _token,
    "session": _session,
    "auth": _loose,
}
