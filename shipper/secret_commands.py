"""Secrets on command lines: long flags, and the short ones that each program spells its own way."""

from shipper.secret_rules import Rule, RuleBook, rule
from shipper.secret_values import is_mixed, is_nothing, is_place

# Arguments are set apart by spaces, or by the quotes and commas of a printed list.
_GAP = r"(?:\\?[\"']?,\s?\\?[\"']|\s+)"
_VALUE = r"(?P<value>\\?\"[^\"\n]{1,200}?\\?\"|'[^'\n]{1,200}'|[^\s\"',;|][^\s\"'|]*)"


def _option(gates: str, program: str, flag: str) -> Rule:
    """The value after a flag of a program, wherever the flag stands among its arguments."""
    shape = rf"(?<![\w.-])(?:{program})(?![\w-])[^\n|]{{0,400}}?{_GAP}{flag}{_VALUE}"
    return rule("argument", gates, shape, cased=True)


def _place(gates: str, before: str) -> Rule:
    """The value that follows a command by its place alone."""
    return rule("argument", gates, rf"(?<![\w.-]){before}\s+{_VALUE}", cased=True)


def _is_flag_value(value: str) -> bool:
    bare = value.rstrip(".,;:)")
    shouted = bare.isalpha() and bare.isupper()
    return len(bare) > 1 and not (shouted or is_nothing(bare) or is_place(bare))


def _is_key(value: str) -> bool:
    return _is_flag_value(value) and (is_mixed(value, 6) or len(value) > 15)


def _is_secret(value: str) -> bool:
    return _is_flag_value(value) and is_mixed(value, 8) and "," not in value


_LOGIN = (
    r"(?:docker|podman|buildah|skopeo|helm|oc|az|cf|nerdctl|crane|oras|npm|argocd|twine)"
    r"\s[^\n|]{0,80}?(?:login|upload)"
)
_GLUED = r"(?<=\W-p)(?=[^\s\"'-])"
_BY_PROGRAM = (
    rule(
        "argument",
        "pass pwd pw",
        rf"(?<![\w-])--?(?:[\w-]*-|[\w-]*?)"
        rf"(?:password|passwd|passphrase|passwort|pass|pwd|pw){_GAP}(?!-){_VALUE}",
        _is_flag_value,
    ),
    rule("argument", "secret", rf"(?<![\w-])--?[\w-]*secret{_GAP}(?!-){_VALUE}", _is_secret),
    rule(
        "argument",
        "token key -id",
        rf"(?<![\w-])--?[\w-]*?(?:token|api[_-]?key|secret[_-]id|(?:access|secret|account|auth|shared"
        rf"|master|encryption|license|client)[_-]?key){_GAP}(?!-){_VALUE}",
        _is_key,
    ),
    rule("argument", "storepass keypass", rf"-(?:store|key)pass\w?{_GAP}{_VALUE}"),
    _option(
        "mysql maria mycli backup percona mytop",
        r"mysql\w*|mariadb[\w-]*|mycli|xtrabackup|innobackupex|mytop|percona-[\w-]+",
        r"-p(?:(?<=\W-p)(?=[^\s\"'-]|[\"']\w))",
    ),
    _option(
        "sshpass mongo mydump myload login upload rabbit rdesktop useradd usermod kinit cql "
        "clickhouse influx",
        r"sshpass|mongo(?:sh|dump|restore|export|import|stat|top)?|mydumper|myloader|rdesktop"
        rf"|rabbitmqadmin|useradd|usermod|kinit|cqlsh|clickhouse-client|influx|{_LOGIN}",
        rf"-p(?:{_GAP}|=|{_GLUED})",
    ),
    _option("7z rar", r"7za?|7zr|7zz|rar|unrar", r"-p(?=\S)"),
    _option("zip", r"(?:un)?zip", rf"-P{_GAP}"),
    _option(
        "sqlcmd bcp mosquitto ipmi osql isql tsql",
        r"sqlcmd|bcp|mosquitto_\w+|ipmitool|osql|isql|tsql",
        rf"-P(?:{_GAP}|(?<=\W-P)(?=[^\s-]))",
    ),
    _option("redis valkey keydb", r"redis-cli|valkey-cli|keydb-cli", rf"(?:-a|--pass){_GAP}"),
    _option("ldap", r"ldap\w+", rf"-[ws](?:{_GAP}|(?<=\W-w)(?=[^\s-]))"),
    _option("plink pscp psftp putty", r"(?:plink|pscp|psftp|putty)(?:\.exe)?", rf"-pw{_GAP}"),
    _option("freerdp", r"[xw]freerdp(?:\.exe)?", r"/p(?:ass)?:"),
    _option("openssl", r"openssl", rf"(?:-pass(?:in|out|word)?{_GAP}pass:|-[kK]{_GAP})"),
    _option("snmp", r"snmp(?:bulk)?(?:walk|get|set|getnext|table)", rf"-[AXc]{_GAP}"),
    _option("winexe smb rpc cifs net_", r"winexe|smb\w+|rpcclient|net", rf"-U{_GAP}?[^\s%]+%"),
    _option(
        "curl wget http_ https_ http\" https\" http' https' xh ab_ lftp skopeo rclone --creds",
        r"curl|wget|https?|httpie|xh|ab|lftp|skopeo|rclone|podman|buildah",
        rf"(?:-[a-zA-Z]{{0,4}}[uUaA]|--(?:proxy-)?user|--auth|--(?:src-|dest-)?creds)(?:{_GAP}|=)?"
        r"[\"']?[^\s:\"'/-][^\s:\"'/]*:",
    ),
    _place("htpasswd", r"htpasswd\s+-\w*b\w*(?:\s+-\w+)*\s+\S+\s+\S+"),
    _place("wpa_passphrase wpa", r"wpa_passphrase\s+\S+"),
    _place(
        "rabbitmqctl",
        r"rabbitmqctl\s[^\n|]{0,60}?(?:add_user|change_password|authenticate_user)\s+\S+",
    ),
    _place("net_us", r"net\s+(?:user|use(?:\s+\w:)?)\s+\S+(?=\s+[^\s/])"),
    rule(
        "argument",
        "login",
        rf"(?<![\w.-])(?:vault|consul|nomad|flyctl|gh|doctl)\s+login\s+(?!-){_VALUE}",
        _is_key,
    ),
    _place("configure", r"aws\s+configure\s+set\s+\S*(?:secret|token)\S*"),
    _place("alias config", r"mc\s+(?:alias\s+set|config\s+host\s+add)\s+\S+\s+\S+\s+\S+"),
    rule(
        "argument",
        "echo printf",
        r"\b(?:echo|printf)(?: -\w+)? [\"']?(?:[\w.-]+:)?(?:%s(?:\\n)?[\"']? [\"']?)?"
        r"(?P<value>[^\s\"':|]+)[\"']?\s*\|\s*(?:sudo|passwd|chpasswd|docker|podman|gpg|su|helm"
        r"|cryptsetup|smbpasswd|openssl|kinit|gh|npm)\b",
        cased=True,
    ),
    rule(
        "argument",
        "<<<",
        r"\b(?:chpasswd|passwd|sudo|cryptsetup|su|kinit)\b[^\n|<]{0,80}<<<\s?[\"']?"
        r"(?:[\w.-]+:)?(?P<value>[^\s\"':]+)",
        cased=True,
    ),
)
COMMANDS = RuleBook(_BY_PROGRAM)
"""Secrets among a command's arguments."""

COMMAND_SIGN = (
    r"(?i)(?:^|[^\w-])-|[\s\"']/p|<<<|\|\s*[a-z]|passw|(?:store|key)pass|wpa_p|user |login |alias "
    r"|net\s+use|config\s+host|configure\s+set"
)
"""Found, in any case, wherever one of the rules can match."""
