"""Secrets in the places that HTTP and URLs keep for them."""

from shipper.secret_rules import RuleBook, rule
from shipper.secret_values import is_mixed, is_nothing, is_place

_SCHEMES = (
    r"(?:bearer|basic|digest|token|api-?key|negotiate|ntlm|oauth|hawk|ssws|splunk|geniekey|key|jwt"
    r"|aws)(?:[ ]|%20)+"
)
_HEADER = r"authorization\\?[\"'\]]{0,2}\s{0,3}(?:=>|[:=]|%3a)\s{0,3}\[?\\?[\"']?"
_PAIR = r"[\w.%$\[\]-]{1,80}=\"?[^\s;,\"'\\]+\"?"


def _is_credential(value: str) -> bool:
    return not is_nothing(value) and (is_mixed(value, 8) or len(value) > 16)


def _is_cookie(value: str) -> bool:
    return not all(is_nothing(pair.partition("=")[2]) for pair in value.split(";"))


def _is_url_password(value: str) -> bool:
    return not is_nothing(value)


def _is_url_token(value: str) -> bool:
    return is_mixed(value, 20) and "%40" not in value


def _is_oracle(value: str) -> bool:
    return not is_nothing(value) and not is_place(value)


_RULES = (
    # These schemes list several parameters: all of them, to the end of the header.
    rule(
        "authorization",
        "uthorization",
        rf"{_HEADER}(?P<value>(?:digest|hawk|oauth|aws4-hmac-sha256|goog4-rsa-sha256|pveapitoken)"
        r"[ =][^\"'\n]*(?:\"[^\"\n]*\"[^\"'\n]*)*)",
    ),
    rule(
        "authorization",
        "uthorization",
        rf"{_HEADER}{_SCHEMES}(?P<value>[^\s\"',;\\]*=\\?\"[^\"\n]*\"|[^\s\"',;\\]+)",
    ),
    rule(
        "authorization",
        "uthorization",
        rf"{_HEADER}(?!{_SCHEMES})(?P<value>[^\s\"',;\\]+)",
        _is_credential,
    ),
    rule(
        "cookie",
        "cookie",
        r"(?:set-)?cookie2?\\?[\"'\]]{0,2}\s{0,3}(?:=>|[:=])\s{0,3}\[?\\?[\"']?"
        rf"(?P<value>{_PAIR}(?:;\s{{0,2}}{_PAIR})*)",
        _is_cookie,
    ),
    # A port may stand where a password does, and a password may hold an @ or a slash.
    rule(
        "url_password",
        "@",
        r"(?:(?<=:)|(?<=:\\)|(?<![\w/:]))(?:/|\\/){2}[^\s/?#:@\[\"'<>\\]*:"
        r"(?!\d{1,5}(?:[/?#\s]|$))(?P<value>[^\s/?#\"'<>]+|[^\s\"'<>@]+)@(?=[\w.\[$%{*(/-])",
        _is_url_password,
    ),
    rule(
        "url_token",
        "@",
        r"(?:https?|git):(?:\\?/){2}(?P<value>[\w.~%-]{20,})@(?=\w)",
        _is_url_token,
    ),
    rule(
        "dsn",
        "@tcp( @unix( @udp( @cloudsql(",
        r"(?<![\w/:.-])[\w.-]{1,64}:(?P<value>[^\s:\"'@/][^\s\"']{0,200})@"
        r"(?:tcp|unix|udp|cloudsql)\(",
    ),
    rule(
        "dsn",
        "oracle sqlplus sqlldr expdp impdp rman",
        r"(?:jdbc:oracle:\w+:|\b(?:sqlplus|sqlldr|expdp|impdp|rman target)\s+(?:-\w+ )?)"
        r"\"?[\w$#]+/(?P<value>[^\s@/\"']+)(?=@|\s|$|\")",
        _is_oracle,
    ),
)
HEADERS = RuleBook(_RULES)
"""Authorization, cookie, URL and data source credentials."""
