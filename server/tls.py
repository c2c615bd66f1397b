"""TLS of the server: certificate and key from files, TLS 1.2 or newer."""

import ssl
from pathlib import Path

from tools.errors import BadArguments

_CERT, _KEY = "DEVMESH_TLS_CERT", "DEVMESH_TLS_KEY"


def server_context(cert: Path | None, key: Path | None) -> ssl.SSLContext | None:
    """What to listen with; None when neither file is named.

    Raises:
        BadArguments: naming the setting, when a file is missing, unreadable or no PEM, or when
            the key is not the certificate's.
    """
    if cert is None and key is None:
        return None
    if cert is None or key is None:
        given, lacking = (_CERT, _KEY) if key is None else (_KEY, _CERT)
        raise BadArguments.one(lacking, f"must be set where {given} is")
    for setting, file in ((_CERT, cert), (_KEY, key)):
        _check_readable(setting, file)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_verify_locations(cert)
    except ssl.SSLError as error:
        raise BadArguments.one(_CERT, "must be a certificate in PEM", str(cert)) from error
    try:
        context.load_cert_chain(cert, key, password=_no_password)
    except ssl.SSLError as error:
        rule = (
            f"must be the key of the certificate in {_CERT}"
            if error.reason == "KEY_VALUES_MISMATCH"
            else "must be a private key in PEM, without a passphrase"
        )
        raise BadArguments.one(_KEY, rule, str(key)) from error
    return context


def _check_readable(setting: str, file: Path) -> None:
    try:
        file.read_bytes()
    except OSError as error:
        raise BadArguments.one(setting, f"cannot be read: {error.strerror}", str(file)) from error


def _no_password() -> str:
    """Instead of asking at the terminal."""
    return ""
