"""What a provider sends is believed only so far: its document, its keys, and the ID token signed with one of them."""

import json
from typing import Any
from urllib.parse import urlsplit

import jwt
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from django.conf import settings

# Signatures with a public key alone: with a shared secret, whoever reads the keys could sign.
ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]
SKEW_SECONDS = 30
MOST_BYTES = 1_000_000
WELL_KNOWN = "/.well-known/openid-configuration"


class BadAnswer(OAuth2Error):
    """A provider's answer that is not believed. reason: one word for the log; nothing of what it said."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def check_address(address: str) -> str:
    """An address that may be asked: over TLS, except on a machine for development. Raises BadAnswer."""
    parts = urlsplit(address)
    if parts.scheme == "https" or (settings.LOCAL and parts.scheme == "http"):
        if parts.hostname and not parts.username:
            return address
    raise BadAnswer("address")


def document_of(issuer: str) -> dict[str, Any]:
    """The provider's document, read anew each time. Raises BadAnswer where it is another issuer's or lacks a part."""
    found = _read(issuer.rstrip("/") + WELL_KNOWN)
    if found.get("issuer") != issuer:
        raise BadAnswer("issuer")
    for part in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
        check_address(str(found.get(part, "")))
    return found


def checked(token: str, document: dict[str, Any], *, client_id: str) -> dict[str, Any]:
    """What an ID token says, if this issuer signed it, for us, and it is in force. Raises BadAnswer.

    The keys are read anew each time, so that a provider may change them at any moment.
    """
    keys = _read(document["jwks_uri"])
    try:
        head = jwt.get_unverified_header(token)
        key = _key(jwt.PyJWKSet.from_dict(keys).keys, head)
        said: dict[str, Any] = jwt.decode(
            token,
            key=key.key,
            algorithms=[head["alg"]],
            audience=client_id,
            issuer=document["issuer"],
            leeway=SKEW_SECONDS,
            options={"require": ["exp", "iat", "iss", "aud", "sub"]},
        )
    except (jwt.PyJWTError, KeyError, TypeError, ValueError) as error:
        raise BadAnswer(type(error).__name__) from error
    if isinstance(said["aud"], list) and len(said["aud"]) > 1 and said.get("azp") != client_id:
        raise BadAnswer("azp")
    return said


def _key(keys: list[jwt.PyJWK], head: dict[str, Any]) -> jwt.PyJWK:
    if head.get("alg") not in ALGORITHMS:
        raise BadAnswer("algorithm")
    named = [key for key in keys if key.key_id == head.get("kid") and key.public_key_use != "enc"]
    if len(named) != 1:
        raise BadAnswer("key")
    return named[0]


def _read(address: str) -> dict[str, Any]:
    check_address(address)
    with get_adapter().get_requests_session() as session:
        answer = session.get(address, allow_redirects=False, stream=True)
        answer.raise_for_status()
        text = answer.raw.read(MOST_BYTES + 1, decode_content=True)
    try:
        if len(text) > MOST_BYTES:
            raise BadAnswer("size")
        found = json.loads(text)
    except ValueError as error:
        raise BadAnswer("form") from error
    if not isinstance(found, dict):
        raise BadAnswer("form")
    return found
