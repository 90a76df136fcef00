"""What an identity provider may say of somebody, and when its word is taken: the words and the pure rules."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import TextChoices
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core.errors import NotAllowed

# The names of RFC 8176 that tell of a second factor: several factors, a code made anew, a key of hardware, a smart card.
FACTORS = frozenset({"mfa", "otp", "hwk", "sc"})
# Contexts that promise it, as providers name them in `acr`.
CONTEXTS = frozenset(
    {
        "http://schemas.openid.net/pape/policies/2007/06/multi-factor",
        "https://refeds.org/profile/mfa",
        "phr",
        "phrh",
    }
)

# Where anybody can have an address: no company may vouch for it.
FREE_MAIL = frozenset(
    "a1.net aol.com bluewin.ch freenet.de gmail.com gmx.at gmx.ch gmx.de gmx.net googlemail.com hotmail.com "
    "icloud.com live.com mail.com me.com msn.com outlook.com proton.me protonmail.com t-online.de web.de "
    "yahoo.com yandex.com zoho.com".split()
)


class Newcomers(TextChoices):
    """What becomes of somebody whom the provider vouches for and who is not a member yet."""

    INVITED = "invited", _("Only people who were invited, or are members")
    ENROL = "enrol", _("Everybody becomes a member")


class FactorBy(TextChoices):
    """Who asks for the second factor of somebody who comes from the provider."""

    TOLD = "told", _("The provider, where it says so; else we ask")
    PROVIDER = "provider", _("Always the provider")
    OURS = "ours", _("Always we, too")


@dataclass(frozen=True)
class Claims:
    """Who somebody is, by a token that has been checked. email: in lower case, "" where there is none."""

    subject: str
    email: str
    is_verified: bool
    name: str
    has_second_factor: bool


def claims_of(token: Mapping[str, Any]) -> Claims:
    """What a checked ID token says. Microsoft says `xms_edov` where others say `email_verified`."""
    email = str(token.get("email") or "").strip()
    name = " ".join(str(token.get("name") or "").split())
    return Claims(
        subject=str(token.get("sub") or ""),
        email=email.lower() if email.isascii() and email.count("@") == 1 else "",
        is_verified=any(_is_yes(token.get(word)) for word in ("email_verified", "xms_edov")),
        name=name[:150],
        has_second_factor=bool(FACTORS & set(_words(token.get("amr")))) or token.get("acr") in CONTEXTS,
    )


def domain_of(email: str) -> str:
    """The part of an address after the @, in lower case; "" where there is none."""
    return email.strip().lower().rpartition("@")[2] if "@" in email else ""


def check_claims(claims: Claims, domains: Collection[str]) -> None:
    """Refuse what a provider's word is not taken for: no person, no verified address, an address of somebody else's."""
    if not claims.subject or not claims.email:
        raise NotAllowed(
            _("Your company's sign-in did not tell us who you are. Tell the people who run it."),
            reason="claims",
        )
    if not claims.is_verified:
        raise NotAllowed(
            _("Your company's sign-in does not vouch for your e-mail address. Tell the people who run it."),
            reason="unverified",
        )
    if domain_of(claims.email) not in domains:
        raise NotAllowed(
            _("Your company's sign-in may not vouch for addresses at %(domain)s. Sign in with your password.")
            % {"domain": domain_of(claims.email)},
            reason="domain",
        )


def asks_ours(factor_by: str, claims: Claims) -> bool:
    """Whether our own second factor is asked for after the provider's sign-in."""
    if factor_by == FactorBy.PROVIDER:
        return False
    return factor_by == FactorBy.OURS or not claims.has_second_factor


def only_way_words(name: str) -> str:
    """What somebody is told who has no other way in than the company's own sign-in."""
    return gettext(
        "People of your company sign in with %(name)s; there is no password and no passkey here."
    ) % {"name": name}


def _is_yes(value: Any) -> bool:
    return value is True or value in (1, "1", "true", "True")


def _words(value: Any) -> Iterable[str]:
    if isinstance(value, str):
        return value.split()
    return [str(word) for word in value] if isinstance(value, list) else []
