"""Secrets known by their own shape, wherever they stand: provider tokens, JWTs, key blocks."""

import base64
import re
from collections.abc import Container

# Each shape is at least 16 characters without a space, which its sign relies upon.
_KINDS = {
    "jwt": r"eyJ[\w-]{6,2000}\.[\w-]{6,}(?:\.[\w-]*){1,3}|eyJ[\w-]{10,2000}\.eyJ[\w-]{6,}",
    "aws_key": r"A(?<![A-Za-z0-9]A)(?:KIA|SIA|BIA|CCA)[A-Z0-9]{12,20}(?![A-Za-z0-9])",
    "aws_token": r"(?:FwoGZXIvYXdz|IQoJb3JpZ2lu|FQoGZXIvYXdz)[\w/+=%-]{16,}",
    "github": r"gh[pousr]_\w{16,}|github_pat_\w{16,}",
    "gitlab": r"gl(?:pat|dt|rtr?|cbt|ptt|ft|imt|agent|soat|oas|ffct)-[\w.-]{14,}"
    r"|GR1348941[\w-]{16,}",
    "slack": r"xox[a-z](?:\.xox[a-z])?-[\w-]{11,}|xapp-\d-[\w-]{9,}",
    "stripe": r"[sr]k_(?:live|test|prod)_[A-Za-z0-9]{8,}|whsec_[\w+/=]{16,}",
    "google": r"AIza[\w-]{28,}|ya29\.[\w.-]{16,}|GOCSPX-[\w-]{16,}|1//0(?<![\w/]1//0)[\w-]{20,}",
    "llm_key": r"sk-(?<![\w-]sk-)(?=[\w-]{0,80}\d)[\w-]{18,}"
    r"|gsk_[\w-]{20,}|hf_(?<![A-Za-z0-9]hf_)[A-Za-z0-9]{20,}|r8_(?<!\wr8_)[A-Za-z0-9]{20,}"
    r"|xai-(?<![\w-]xai-)[\w-]{20,}|pplx-[\w-]{20,}|nvapi-[\w-]{20,}|tgp_v1_[\w-]{20,}",
    "npm": r"npm_[A-Za-z0-9]{20,}",
    "pypi": r"pypi-(?=[\w-]{0,80}[A-Z])(?=[\w-]{0,80}\d)[\w-]{20,}",
    "sendgrid": r"SG\.(?<![A-Za-z0-9]SG\.)[\w-]{12,}\.[\w-]{12,}",
    "twilio": r"AC(?<![A-Za-z0-9]AC)[0-9a-f]{32}(?!\w)|SK(?<![A-Za-z0-9]SK)[0-9a-f]{32}(?!\w)",
    "vault": r"hv[sbr]\.[\w-]{16,}|s\.(?<![\w.]s\.)(?=[A-Za-z]*\d)[A-Za-z0-9]{24}(?![\w.])",
    "digitalocean": r"do[opr]_v1_\w{16,}",
    "age_key": r"AGE-(?:SECRET-KEY|PLUGIN-[A-Z0-9]+)-1[A-Za-z0-9]{16,}",
    "private_key": r"b3BlbnNzaC1rZXktdjE[\w+/=]{16,}|MII[\w+/]{3}IBA(?:AK|DAN)[\w+/=]{12,}"
    r"|MC4CAQAwBQYDK2Vw[\w+/=]{12,}|MHcCAQEEI[\w+/=]{12,}|MIG[\w]AgEAMB[\w+/=]{12,}",
    "shopify": r"shp(?:at|ss|ca|pa)_\w{16,}",
    "docker": r"dckr_(?:pat|oat)_[\w-]{16,}",
    "atlassian": r"AT(?:ATT3|CTT3|BB)[\w=.-]{16,}",
    "devmesh": r"devmesh_[\w-]{43}",
    "grafana": r"glsa_\w{16,}|glc_[\w=+/]{16,}",
    "vendor_token": r"lin_api_\w{16,}|NRAK-\w{16,}|PMAK-[\w-]{16,}|dapi[0-9a-f]{32}"
    r"|rubygems_\w{16,}|sq0(?:atp|csp)-[\w-]{16,}|tskey-[\w-]{16,}|sntry[su]_[\w=+/-]{16,}"
    r"|figd_[\w-]{16,}|ntn_\w{20,}|pscale_\w+_[\w.-]{16,}|dp\.(?:pt|st|ct|sa)\.[\w.]{16,}"
    r"|FLWSECK[\w-]{16,}|rzp_live_\w{12,}|HRKU-[\w-]{16,}|oy2[a-z0-9]{43}|AKCp[\w]{16,}"
    r"|LTAI(?<!\wLTAI)[A-Za-z0-9]{16,}|sbp_[0-9a-f]{32,}|fo1_[\w-]{32,}|pul-[0-9a-f]{40}"
    r"|lsv2_\w{16,}|dt0c01\.[\w.]{16,}|xkeysib-[\w-]{16,}|CFPAT-[\w-]{16,}|CLOJARS_\w{16,}"
    r"|phx_\w{20,}|EAA[A-Za-z0-9]{40,}|secret_[A-Za-z0-9]{43}|key-[0-9a-f]{32}(?!\w)"
    r"|sgp_\w{16,}|EZAK\w{16,}|shippo_live_\w{16,}|A3-[A-Z0-9]{6}-(?:[A-Z0-9]{5,6}-){3,}\w+",
    "webhook": r"hooks\.slack\.com/(?:services|workflows|triggers)/[\w/-]{8,}"
    r"|discord(?:app)?\.com/api/webhooks/\d+/[\w-]+|webhook\.office\.com/webhookb2/[\w@/.-]+"
    r"|api\.telegram\.org/bot[\w:%-]+",
    "password_hash": r"\$(?:1|2[abxy]?|5|6|7|y|gy|apr1|argon2(?:id|i|d)|scrypt|pbkdf2[\w-]*|P|S)"
    r"\$[\w./,=$+-]{13,}|\{S?(?:SHA|MD5|SHA256|SHA512|CRYPT)\}[\w+/=$.]{12,}",
}
# Shapes that begin with a class of characters are tried at every place, so only where a part
# that they all hold was found.
_SLOW_KINDS = {
    "telegram": r"(?<![\d:])\d{8,10}:(?=[\w-]*[A-Za-z])[\w-]{32,}(?![\w-])",
    "discord": r"(?<![\w.-])[A-Za-z][\w-]{22,28}\.[\w-]{6}\.[\w-]{24,40}(?![\w.-])",
    "azure": r"(?<![\w~.-])[\w~.-]{3}\dQ~[\w~.-]{30,36}",
    "vendor_token": r"(?<!\w)[0-9a-f]{32}-us\d{1,2}\b|(?<!\w)\w{14}\.atlasv1\.[\w-]{30,}",
    "signature": r"(?<=[?&;])(?i:X-(?:Amz|Goog)-(?:Signature|Security-Token|Credential)|sig)"
    r"(?:=|%3D)(?P<signature_value>[\w%+/=.-]{16,})",
}


def _union(kinds: dict[str, str]) -> re.Pattern[str]:
    return re.compile("|".join(f"(?P<{kind}>{shape})" for kind, shape in kinds.items()), re.ASCII)


_SHAPES = _union(_KINDS)
_STARTS = """
eyJ AKIA ASIA ABIA ACCA FwoG IQoJ FQoG ghp_ gho_ ghu_ ghs_ ghr_ github_pat glpat- gldt- glrt glcbt-
glptt- glft- glimt- glagent- glsoat- gloas- glffct- GR1348941 xox xapp- sk_ rk_ whsec_ AIza ya29.
GOCSPX 1//0 sk- gsk_ hf_ r8_ xai- pplx- nvapi- tgp_v1 npm_ pypi- SG. AC SK hvs. hvb. hvr. s. dop_v1
doo_v1 dor_v1 AGE- b3Bl MII MC4C MHcC MIG shpat_ shpss_ shpca_ shppa_ dckr_ ATATT ATCTT ATBB glsa_
glc_ lin_api NRAK- PMAK- dapi rubygems_ sq0 tskey- sntry figd_ ntn_ pscale_ dp. FLWSECK rzp_live
HRKU- oy2 AKCp LTAI sbp_ fo1_ pul- lsv2_ dt0c01 xkeysib CFPAT- CLOJARS_ phx_ EAA secret_ key-
sgp_ EZAK devmesh_
shippo_ A3- hooks.slack discord webhook.office api.telegram $1$ $2 $5$ $6$ $7$ $y$ $gy$ $apr1 $argon
$scrypt $pbkdf2 $P$ $S$ {S {MD5} {CRYPT}
"""
_START = re.compile("|".join(map(re.escape, sorted(_STARTS.split()))))
_SLOW_SHAPES = _union(_SLOW_KINDS)
SHAPE_SIGNS = {
    # A shape's rest makes up for a beginning that is short and common.
    "shape": "|".join(
        re.escape(start) + (r"[^\s]{12}" if len(start) < 4 else "") for start in _STARTS.split()
    ),
    "slow shape": r":[\w-]{32}|\.[\w-]{6}\.[\w-]{24}|Q~|-us\d|\.atlasv1|[?&;](?:[Xx]-|(?i:sig))",
    "bearer": "(?:earer|plunk|Key|SSWS) ",
    "basic": "asic ",
    "block": "BEGIN |Private-Lines",
}
"""Expressions for Signs, of which one is found wherever hide_shapes finds something."""

_KEY_NAME = r"(?:[A-Z0-9]+ ){0,4}PRIVATE KEY(?: BLOCK)?"
_BREAK = r"(?:\s|\\[nrt]|[\"',+|])"
# A block cut off before its END still counts, once a line's worth of base64 follows.
_BLOCK = re.compile(
    rf"-----? ?BEGIN {_KEY_NAME} ?-----?(?:(?:(?!BEGIN )[\s\S]){{0,16000}}?"
    rf"-----? ?END {_KEY_NAME} ?-----?"
    rf"|{_BREAK}*+(?:[A-Z][\w-]+: [\w,. -]*+{_BREAK}++)*+[\w/+=]{{16,}}+"
    rf"(?:{_BREAK}*+[\w/+=]{{16,}}+)*+)"
)
_PUTTY = re.compile(r"Private-Lines: \d+(?:\s|\\[nr])+(?:[\w/+=]|\s|\\[nr]){16,}")

_AWS_SECRET = re.compile(
    r"(?<![\w/+=])(?=[\w/+]*[A-Z])(?=[\w/+]*[a-z])(?=[\w/+]*\d)[A-Za-z0-9/+]{40}(?![\w/+=])"
)
_TWILIO_SECRET = re.compile(r"(?<![0-9A-Za-z-])[0-9a-f]{32}(?![0-9A-Za-z-])")
_BASIC = re.compile(r"\b([Bb]asic )([A-Za-z0-9+/]{8,}={0,2})")
_BEARER = re.compile(
    r"\b((?:[Bb]earer|Splunk|GenieKey|ApiKey|SSWS) [\"']?)(?=[\w.~+/=-]*\d)([\w.~+/-]{12,}=*)"
)


def hide_shapes(text: str, seen: Container[str]) -> str:
    """The text without tokens and key blocks of a known shape, by the signs seen in it.

    Of a known pair the secret half goes as well.
    """
    if "shape" in seen:
        text = _hide_begun(text)
    if "slow shape" in seen:
        text = _SLOW_SHAPES.sub(_marker, text)
    if "[redacted:aws_key]" in text:
        text = _AWS_SECRET.sub("[redacted:aws_secret]", text)
    if "[redacted:twilio]" in text:
        text = _TWILIO_SECRET.sub("[redacted:twilio]", text)
    if "bearer" in seen:
        text = _BEARER.sub(r"\1[redacted:bearer]", text)
    if "basic" in seen:
        text = _BASIC.sub(_basic, text)
    return _hide_blocks(text) if "block" in seen else text


def _hide_blocks(text: str) -> str:
    """The text without private key blocks, whole or cut off."""
    text = _BLOCK.sub("[redacted:private_key]", text)
    return _PUTTY.sub("[redacted:private_key]", text)


def _hide_begun(text: str) -> str:
    """Shapes are tried only where one of their plain beginnings stands."""
    pieces, done = [], 0
    for start in _START.finditer(text):
        if start.start() >= done and (found := _SHAPES.match(text, start.start())):
            pieces += [text[done : found.start()], _marker(found)]
            done = found.end()
    return "".join([*pieces, text[done:]]) if pieces else text


def _marker(found: re.Match[str]) -> str:
    kind = found.lastgroup
    if kind == "signature":
        return f"{found[0].removesuffix(found['signature_value'])}[redacted:signature]"
    return f"[redacted:{kind}]"


def _basic(found: re.Match[str]) -> str:
    """Hidden only when it decodes to user:password; "Basic authentication" does not."""
    padded = found[2] + "=" * (-len(found[2]) % 4)
    try:
        plain = base64.b64decode(padded, validate=True).decode()
    except ValueError:
        return found[0]
    return f"{found[1]}[redacted:basic]" if ":" in plain else found[0]
