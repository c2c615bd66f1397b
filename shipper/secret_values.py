"""Is this text a secret, or a word, a number, a path, a placeholder standing where one could?"""

import itertools
import re

_PLACEHOLDER = re.compile(
    r"""[*]{2,}.* | [xX]{3,} | \.{2,}.* | [•●?_#-]+ | \W
    | <.*>? | \[[A-Za-z :_*.-]*\]? | \(.*\)? | \[?redacted:.* | your[_-].* | .*_here
    | \$(?-i:[A-Z_][A-Z0-9_]*) | \$\{.* | \$\(.* | `.* | @[\w./-]*file.*
    | %[sdvqr@] | %\(?\w+\)?[s%] | %(?-i:[A-Z_]+)% | \{+[\w .$|-]*\}* | \#\{.*
    | (?:env|file|vault|op|arn|ssm|kms|sops|secretsmanager|gcpsm|awssm|keyvault|ref\+\w+)
      :[/\w].*
    | !vault.* | ENC\[.*""",
    re.VERBOSE | re.DOTALL | re.IGNORECASE,
)
_PATH = re.compile(
    r"(?:~|\.{1,2})?/[\w.@-]{0,40}(?:/[\w.@%-]{0,40})+/?|[A-Za-z]:\\[\w.\\ -]+|~/?[\w.-]*"
)
_ADDRESS = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?|[a-z][a-z0-9+.-]*://[^\s]*", re.IGNORECASE)
_TIMES = re.compile(r"\d+(?:\.\d+)?(?:[smhdwy]|ms|sec|min|%|[kKMG]i?B?|days?|hours?|bytes)")
_NAME = re.compile(r"[a-z]+\d{0,2}(?:[-_./:][a-z0-9]{1,24})+")
_KIND_OF_THING = re.compile(
    r"(?:^|[-_./])(?:secrets?|creds?|credentials?|tls|certs?|config|keys?|tokens?|auth|pull|"
    r"password|io|com|local|ca|env|prod|dev|staging|name|ref|store|admin|db|default)(?:$|[-_./])"
)
_ALGORITHM = re.compile(
    r"(?:md5|sha-?\d*|hmac|rs|hs|es|ps|aes|oauth|ntlm|scram|cram|digest|basic|plain|login|pam|"
    r"gssapi|krb|kerberos|ldap|tls|ssl|mtls|x509|saml|oidc|jwt|http|v)[\w+/.-]{0,24}",
    re.IGNORECASE,
)

_LIST = """
    yes no true false on off ok okay null none nil undefined void nan na unknown empty blank
    required optional missing invalid valid incorrect correct wrong bad good weak strong
    expired expires expiring expiry changed change changing unchanged updated update updating set
    unset reset resetting sent received accepted rejected denied refused granted failed fails fail
    failure failures success successful succeeded error errors warning enabled disabled enable
    disable active inactive locked unlocked lock unlock created deleted removed added revoked
    rotated rotation rotating rotate renewed refreshed refresh issued used unused reused stored
    saved loaded loading read written found verified unverified verification validated validation
    validate checked check mismatch match matched matches mismatched too not and or is are was
    were be been has have had must may can cannot could should will would to in at by from for
    with without via of the a an this that it its your my our their his her user users username
    account password passwords passwd passphrase pass pin secret secrets token tokens key keys
    credential credentials auth authentication authenticated authenticating authorization
    authorized unauthorized login logout session sessions cookie cookies string str int integer
    text bytes char varchar number boolean bool object array list dict map any type value values
    default defaults hidden masked redacted removed filtered suppressed censored obfuscated
    omitted protected encrypted decrypted hashed plain plaintext cleartext clear prompt prompting
    ask asked enter entered retype confirm please try trying again attempt attempts retry
    permission access allowed forbidden unavailable available unreachable timeout timed closed
    open opened started stopped starting stopping starts running ready waiting pending queued
    done complete completed completing cached cache hit miss new old current previous next last
    first same different only length short long policy policies complexity strength minimum
    maximum characters character letters digits database server service system local remote
    manager provider keyring keychain file files path stdin stdout env environment variable
    variables config configuration settings option options flag argument arguments parameter
    parameters field fields column header headers body form input output request requests
    response identifier expected unexpected unknown end start begin eof bearer basic digest
    negotiate ntlm gssapi kerberos ldap oauth oauth2 saml oidc jwt pam unix chauthtok su sudo ssh
    sshd root admin guest anonymous nobody everyone public private internal external interactive
    noninteractive keyboard publickey hostbased present absent supplied provided given ignored
    ignoring skipped skipping using uses use instead deprecated unsupported supported supports
    flow grant exchange endpoint introspection bucket limit limits exceeded count total remaining
    left per day days hour hours minute minutes second seconds never always once twice one two
    three self same-origin strict lax httponly secure include omit all other others manual auto
    automatic always-on santa wpa wpa2 wpa3 wep kubernetes docker vaulted sealed unsealed
    mounted unmounted
"""
WORDS = frozenset(_LIST.split())


def is_nothing(value: str) -> bool:
    """Whether the value is a placeholder, an ordinary word or empty."""
    bare = value.strip().strip("\"'`,.;:!)")
    return not bare or bare.lower() in WORDS or _PLACEHOLDER.fullmatch(bare) is not None


def is_place(value: str) -> bool:
    """Whether the value is a path, an address, a URL or a span of time."""
    return any(shape.fullmatch(value) for shape in (_PATH, _ADDRESS, _TIMES))


def is_name(value: str) -> bool:
    """Whether the value names a thing, as kubernetes objects are named: `default/db-creds`."""
    if not _NAME.fullmatch(value) or sum(map(str.isdigit, value)) > 5:
        return False
    return "/" in value or value.count("-") > 2 or _KIND_OF_THING.search(value) is not None


def is_mixed(value: str, least: int) -> bool:
    """Whether the value looks random: letters with digits, or with letters of the other case."""
    if len(value) < least or " " in value:
        return False
    has_letter = any(c.isalpha() for c in value)
    has_digit = any(c.isdigit() for c in value)
    if has_letter and has_digit:
        return True
    humps = sum(a.islower() and b.isupper() for a, b in itertools.pairwise(value))
    return has_letter and len(value) >= 12 and humps >= 2 and value.isascii()


def is_algorithm(value: str) -> bool:
    """Whether the value names a mechanism: sha256, oauth2, scram-sha-256."""
    return _ALGORITHM.fullmatch(value) is not None
