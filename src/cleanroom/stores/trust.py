"""Whose certificates a client believes: the well-known authorities, or one file that the operator names instead.

A house with an authority of its own (or a proxy that opens TLS) names it with CLEANROOM_CA_FILE. Nothing switches the
check off.
"""

import ssl
from pathlib import Path

from cleanroom.errors import SettingsInvalid, Where


def trust_of(ca_file: Path | None) -> ssl.SSLContext | bool:
    """For httpx: a context that believes `ca_file` (PEM) alone, or True. Raises SettingsInvalid."""
    if ca_file is None:
        return True
    try:
        return ssl.create_default_context(cafile=str(ca_file))
    except (OSError, ssl.SSLError):
        raise SettingsInvalid(
            "CLEANROOM_CA_FILE must name a readable file of certificates in PEM form",
            zh="CLEANROOM_CA_FILE 須為可讀取之 PEM 憑證檔",
            where=Where(file=str(ca_file)),
        ) from None
