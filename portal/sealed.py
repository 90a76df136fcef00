"""Texts that leave the house and come back unread: in a form or a cookie nobody can look into them or make one up."""

import base64
from hashlib import sha256

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings


def cipher_for(purpose: str) -> MultiFernet:
    """Encrypts for one purpose by SECRET_KEY; what SECRET_KEY_FALLBACKS still names is read, too."""
    secrets: list[str] = [settings.SECRET_KEY, *map(str, settings.SECRET_KEY_FALLBACKS)]
    keys = [sha256(f"{purpose}{secret}".encode()).digest() for secret in secrets]
    return MultiFernet([Fernet(base64.urlsafe_b64encode(key)) for key in keys])


def seal(text: str, purpose: str) -> str:
    """A text that `unseal` alone reads, and only for the same purpose."""
    return cipher_for(purpose).encrypt(text.encode()).decode()


def unseal(sealed: str, purpose: str) -> str | None:
    """The text; None for one that we have not sealed for this."""
    try:
        return cipher_for(purpose).decrypt(sealed.encode()).decode()
    except InvalidToken:
        return None
