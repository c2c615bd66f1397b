"""Secrets said in words: SQL, protocol commands, markup, configuration, plain sentences."""

from shipper.secret_rules import RuleBook, rule
from shipper.secret_values import is_algorithm, is_mixed, is_name, is_nothing, is_place

_KEY = (
    r"(?:passw(?:or)?d|pwd|passphrase|secret|token|api_?-?key|access_?-?key|private_?-?key"
    r"|credential)"
)
_IN_QUOTES = r"(?P<value>\"[^\"\n]{3,}\"|'[^'\n]{3,}'|`[^`\n]{3,}`)"


def _is_phrase(value: str) -> bool:
    return not all(is_nothing(part) for part in value.split())


def _is_odd(value: str) -> bool:
    """Only what is no word: "password is required" is a sentence."""
    bare = value.rstrip(".,;:!)")
    odd = any(not c.isalpha() and c not in "-_'/.():" for c in bare)
    return odd and not is_nothing(bare) and not is_place(bare)


def _is_mixed_word(value: str) -> bool:
    bare = value.rstrip(".,;:!)")
    if is_name(bare) or is_place(bare) or is_algorithm(bare) or is_nothing(bare):
        return False
    return is_mixed(bare, 5)


def _is_token(value: str) -> bool:
    bare = value.rstrip(".=")
    if is_name(bare) or is_nothing(bare) or is_place(bare) or not is_mixed(bare, 12):
        return False
    return len(bare) > 20 or sum(c.isdigit() for c in bare) > 2


def _is_code(value: str) -> bool:
    return any(c.isdigit() for c in value)


_PHRASES = (
    rule(
        "password",
        "identified",
        rf"identified\s+(?:with\s+\S+\s+)?(?:by|as)(?:\s+password)?\s*{_IN_QUOTES}",
        _is_phrase,
    ),
    rule(
        "password",
        "pass",
        r"pass(?:word|phrase|code|wd)s?(?:\s+(?:is|was|of|to|hash|set\s+to|changed\s+to|value))?"
        rf"(?:\s*:|\s+for\s+[\w'\"@.%-]{{1,64}}\s*(?:=|to|is))?\s*\(?\s*(?<=[\s(:]){_IN_QUOTES}",
        _is_phrase,
    ),
    rule("password", "set_password", rf"set\s+password[^=\n]{{0,80}}=\s*{_IN_QUOTES}", _is_phrase),
    rule(
        "password",
        "pass",
        r"pass(?:word|phrase|code)\s+(?:(?:for|of)\s+(?:user\s+)?\S{1,64}\s+)?"
        r"(?:is|was|to|set\s+to|changed\s+to|=)\s*:?\s*(?P<value>[^\s\"'`,;]{4,})",
        _is_odd,
    ),
    rule(
        "password",
        "pass",
        r"password\s(?:[a-z ]{0,40}\s)?for\s+[^\s:]{1,64}:\s+(?P<value>[^\s=]{4,})(?=\s|$)",
        _is_odd,
    ),
    rule(
        "password",
        "passw requirepass masterauth bindpw community_",
        r"(?:passw(?:or)?d|requirepass|masterauth|bindpw|r[ow]community)\s+(?P<value>[^\s=]{5,})",
        _is_mixed_word,
    ),
    rule(
        "markup",
        "</",
        rf"<(?P<tag>[\w:.-]*{_KEY}[\w.-]*)(?:\s[^<>]*)?>(?:<!\[cdata\[)?"
        r"(?P<value>[^<>\n]+?)(?:\]\]>)?</(?P=tag)>",
    ),
    rule("markup", "</", rf"\bkey=\"[\w:.-]*{_KEY}[\w.-]*\">(?P<value>[^<>\n]+?)</"),
    rule("auth", "auth=(", r"auth=\([\"'][^\"'\n]*[\"'],\s?(?P<value>\"[^\"\n]+\"|'[^'\n]+')"),
    rule(
        "named",
        "value",
        rf"\b(?:name|key|id)\\?[\"']?\s?[=:]\s?\\?[\"']?[\w:.-]{{0,60}}{_KEY}[\w-]{{0,20}}\\?[\"']?"
        r"(?:\s*,)?\s*(?:type=\"\w+\"\s+)?\\?[\"']?\bvalue\\?[\"']?\s?[=:]\s?\\?[\"']?"
        r"(?P<value>[^\s\"'\\,}>]+)",
    ),
    rule(
        "form",
        "name=",
        rf"\bname=\"?[\w.-]*{_KEY}[\w.-]*\"?(?:\r?\n|\\r\\n|\\n){{2}}(?P<value>[^\s\\-][^\s\\]*)",
    ),
    rule("password", "login", r"login\s+\S+\s+password\s+(?P<value>\S+)"),
    rule(
        "network_config",
        "username_ enable_ ppp_ key-string key_7",
        r"\b(?:(?:username|user)\s+\S+(?:\s+privilege\s+\d+)?|enable|ppp\s+\S+|key-string|key)\s+"
        r"(?:(?:password|secret)\s+(?:[05-9]\s+)?|[057]\s+)(?P<value>\S{4,})",
    ),
    rule("network_config", "password_ secret_", r"(?:password|secret)\s+[057]\s+(?P<value>\S{6,})"),
    rule("community", "snmp-server", r"snmp-server\s+community\s+(?P<value>\S{3,})"),
    rule(
        "protocol",
        "pass_ auth_ identify oper_",
        r"(?:(?:^|[\"'>]\s?|C: |command: ?)PASS |\bAUTH (?:PLAIN|LOGIN|CRAM-MD5|XOAUTH2) "
        r"|IDENTIFY (?:\S+ (?=\S))?|\bOPER \S+ )(?P<value>[^\s\"']+)",
        cased=True,
        lines=True,
    ),
    rule(
        "protocol",
        'auth_ auth"',
        r"\bAUTH\"? +(?:\"?(?:default|[a-z]\w*)\"? +)?\"?(?P<value>[^\s\"]+)",
        _is_odd,
        cased=True,
    ),
    rule(
        "protocol",
        "_login_",
        r"\b[A-Za-z]{0,4}\.?\d{1,6} LOGIN \"?[^\s\"]+\"? (?P<value>\"[^\"\n]+\"|\S*\d\S*)",
        cased=True,
    ),
    rule(
        "code",
        "code_ pin_ code: code= pin: password_ otp passcode",
        r"(?:(?:verification|one-time|otp|2fa|mfa|sms|login|security|confirmation|recovery|pairing"
        r"|unlock|sim|card|device)[ -](?:pass)?(?:code|pin|password)|\botp|\bpasscode|\byour pin)"
        r"(?: for \S{1,64}+)?(?: is| was|:| =|=)* ?[\"']?"
        r"(?P<value>\d{4,8}|[a-z0-9]{4,5}-[a-z0-9]{4,5})(?!\w)",
        _is_code,
    ),
    rule(
        "token",
        "token key secret credential jwt",
        r"(?:token|(?:api|access|signing|encryption|secret)[ _-]?key|secret|credential|jwt)s?\s+"
        r"(?:(?:is|was|of|value|key|for\s+\S{1,64}(?:\s+is)?|to|set to)\s*:?\s+)?[\"'`(\[]?"
        r"(?P<value>[a-z0-9][\w.+/=~-]{11,})",
        _is_token,
    ),
)
PHRASES = RuleBook(_PHRASES)
"""Secrets that words or markup introduce."""
