"""Whether a call comes from whom it says: the Standard Webhooks scheme, with secrets that can be changed in use."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from core.logging import get_logger

logger = get_logger(__name__)

PREFIX = "whsec_"
# How old a call may be, and how far ahead its sender's clock, in seconds.
TOLERANCE = 300
# A shorter one could be guessed.
SHORTEST_SECRET = 24
LONGEST_ID = 255


@dataclass(frozen=True)
class Signed:
    """A call as it came: what the sender says of it in its headers, and the bytes of its body.

    timestamp: seconds since 1970. signatures: "v1,<base64>", several with spaces between.
    """

    id: str
    timestamp: str
    signatures: str
    body: bytes


def sign(secret: bytes, call: Signed) -> str:
    """The signature of a call with a secret, as it stands in the header."""
    told = f"{call.id}.{call.timestamp}.".encode() + call.body
    return "v1," + base64.b64encode(hmac.digest(secret, told, hashlib.sha256)).decode()


def fault(call: Signed, secrets: Sequence[bytes], *, now: float) -> str:
    """Why a call is not believed, "" when it is. now: seconds since 1970. Source: INT-55, SEC-03."""
    if not secrets:
        return "no secret is set"
    if not call.id or len(call.id) > LONGEST_ID or not call.signatures:
        return "headers are missing"
    if not (
        call.timestamp.isascii() and call.timestamp.isdigit() and len(call.timestamp) <= len("9999999999")
    ):
        return "headers are missing"
    if abs(now - int(call.timestamp)) > TOLERANCE:
        return "its time is not now"
    given = [word.encode() for word in call.signatures.split()]
    wanted = [sign(secret, call).encode() for secret in secrets]
    # Every pair is compared: how long it takes tells nothing.
    matches = [hmac.compare_digest(one, other) for one in given for other in wanted]
    return "" if any(matches) else "the signature does not match"


def is_known(system: str) -> bool:
    """Whether a system may send us anything by itself."""
    return system in settings.INBOUND


def secrets_of(system: str) -> list[bytes]:
    """The secrets that a system may sign with; a file is read at each call, so they change without a restart."""
    conf = settings.INBOUND[system]
    words = conf["secrets"]
    if conf["secrets_file"]:
        try:
            words = Path(conf["secrets_file"]).read_text()
        except OSError as error:
            logger.error("inbound.no_secrets", system=system, reason=type(error).__name__)
            return []
    found = [decoded(word) for word in words.split()]
    if None in found:
        logger.error("inbound.bad_secret", system=system)
    return [secret for secret in found if secret]


def decoded(word: str) -> bytes | None:
    """A secret as it is written, "whsec_<base64>"; None for one that is none or is too short."""
    try:
        secret = base64.b64decode(word.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        return None
    return secret if len(secret) >= SHORTEST_SECRET else None
