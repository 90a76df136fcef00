"""Settings: one file, read from the environment, loud about nonsense.

Development and the demo run with DEBUG or PORTAL_EMBEDDED_DB; production names SECRET_KEY, ALLOWED_HOSTS
and DATABASE_URL, or does not start.
"""

import os
from pathlib import Path
from typing import Any

from csp.constants import NONCE, NONE, SELF, UNSAFE_EVAL, UNSAFE_INLINE
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from core.logging import logging_settings
from portal.admin.theme import UNFOLD  # noqa: F401
from portal.postgres.choice import database

# -- readers -------------------------------------------------------------------------------------


def flag(name: str, default: bool) -> bool:
    """A yes or no; anything else is refused."""
    words = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}
    value = os.environ.get(name, "").strip().lower()
    if not value:
        return default
    if value not in words:
        raise ImproperlyConfigured(f"{name} is {value!r}: say 1 or 0.")
    return words[value]


def text(name: str, default: str | None = None) -> str:
    """A text; without a default it must be there."""
    value = os.environ.get(name, "").strip()
    if value or default is not None:
        return value or str(default)
    raise ImproperlyConfigured(f"Set {name} in the environment; docs/operations.md says to what.")


def number(name: str, default: float, *, least: float = 0) -> float:
    """A number not below `least`."""
    value = os.environ.get(name, "").strip()
    try:
        result = float(value) if value else default
    except ValueError:
        raise ImproperlyConfigured(f"{name} is {value!r}: a number is needed.") from None
    if result < least:
        raise ImproperlyConfigured(f"{name} is {value}: it must be at least {least:g}.")
    return result


def one_of(name: str, choices: dict[str, str]) -> str:
    """One of the choices, the first unless said; any other is refused."""
    value = os.environ.get(name, "").strip() or next(iter(choices))
    if value not in choices:
        raise ImproperlyConfigured(f"{name} is {value!r}: choose among {', '.join(choices)}.")
    return value


# -- where we are --------------------------------------------------------------------------------

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = Path(text("PORTAL_VAR", str(BASE_DIR / "var")))
DEBUG = flag("DEBUG", False)
DEMO = flag("PORTAL_DEMO", False)
LOCAL = DEBUG or DEMO or flag("PORTAL_EMBEDDED_DB", False)
SECRET_KEY = text("SECRET_KEY", "only-for-development-" + "x" * 40 if LOCAL else None)
ALLOWED_HOSTS = text("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1],testserver" if LOCAL else None).split(",")
if not LOCAL and "*" in ALLOWED_HOSTS:
    raise ImproperlyConfigured("ALLOWED_HOSTS is *: name the hosts that this portal answers for.")
CSRF_TRUSTED_ORIGINS = [origin for origin in text("CSRF_TRUSTED_ORIGINS", "").split(",") if origin]
SITE_URL = text("SITE_URL", "http://127.0.0.1:8000" if LOCAL else None).rstrip("/")
SHOP_NAME = text("SHOP_NAME", "Accord")
ENVIRONMENT_NAME = text("ENVIRONMENT_NAME", "Demo" if DEMO else "Development" if LOCAL else "Production")

# -- applications --------------------------------------------------------------------------------

INSTALLED_APPS = [
    "unfold",
    "unfold.contrib.filters",
    "unfold.contrib.simple_history",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.usersessions",
    "axes",
    "csp",
    "django_cotton.apps.SimpleAppConfig",
    "django_htmx",
    "django_q",
    "guardian",
    "rest_framework",
    "simple_history",
    "tree_queries",
    "core",
    "accounts",
    "catalog",
    "pricing",
    "orders",
    "quotes",
    "integrations",
    "portal.apps.PortalConfig",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "portal.seen.SeenMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "portal.middleware.ActorMiddleware",
    "portal.partner.PartnerMiddleware",
    "portal.middleware.ScopeMiddleware",
    "portal.middleware.RefusalMiddleware",
    "portal.second_factor.SecondFactorMiddleware",
    "portal.features.FeatureMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "portal.urls"
WSGI_APPLICATION = "portal.wsgi.application"

COTTON_DIR = "components"
_loaders = [
    "django_cotton.cotton_loader.Loader",
    "django.template.loaders.filesystem.Loader",
    "django.template.loaders.app_directories.Loader",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "loaders": _loaders if DEBUG else [("django.template.loaders.cached.Loader", _loaders)],
            "builtins": ["django_cotton.templatetags.cotton", "portal.templatetags.accord"],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "portal.context.page",
            ],
        },
    }
]

# -- data ----------------------------------------------------------------------------------------

DATABASES = {"default": database(os.environ, BASE_DIR, debug=LOCAL)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "cache"},
}

# -- people --------------------------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
    "guardian.backends.ObjectPermissionBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    *(
        {"NAME": f"django.contrib.auth.password_validation.{name}"}
        for name in (
            "UserAttributeSimilarityValidator",
            "CommonPasswordValidator",
            "NumericPasswordValidator",
        )
    ),
]
ANONYMOUS_USER_NAME = None
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "portal:home"
ACCOUNT_ADAPTER = "portal.sign_in.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_FORMS = {
    "login": "portal.forms.sign_in.LoginForm",
    "reset_password": "portal.forms.sign_in.ResetPasswordForm",
    "reauthenticate": "portal.forms.sign_in.ReauthenticateForm",
    "change_password": "portal.forms.sign_in.ChangePasswordForm",
    "set_password": "portal.forms.sign_in.SetPasswordForm",
    "reset_password_from_key": "portal.forms.sign_in.NewPasswordForm",
}
# Attempts count for the address that was tried and where they come from, together: a count of the address
# alone would let anybody lock everybody out. The key of "login_failed" is that pair (portal.sign_in), and at the
# second factor the person, whose password one must know to get there.
ACCOUNT_RATE_LIMITS = {
    "login": "30/m/ip",
    "login_failed": "20/m/ip,5/300s/key",
    "reset_password": "10/m/ip,5/h/key",
    "reset_password_from_key": "10/m/ip",
    "reauthenticate": "10/m/user",
    "change_password": "5/m/user",
}
# Companies' own sign-ins: the secrets by the names that connections give, SIGN_IN_SECRET_<NAME> or, read at each
# use, the file that SIGN_IN_SECRET_<NAME>_FILE names.
SIGN_IN_SECRETS = {name: word for name, word in os.environ.items() if name.startswith("SIGN_IN_SECRET_")}
SIGN_IN_HOURS = number("SIGN_IN_HOURS", 12, least=1)
SOCIALACCOUNT_ADAPTER = "portal.openid.adapter.CompanySignIns"
SOCIALACCOUNT_REQUESTS_TIMEOUT = 5
MFA_FORMS = {
    "authenticate": "portal.forms.second_factor.AuthenticateForm",
    "reauthenticate": "portal.forms.second_factor.ReauthenticateForm",
    "activate_totp": "portal.forms.second_factor.ActivateForm",
    "add_webauthn": "portal.forms.second_factor.AddKeyForm",
    "edit_webauthn": "portal.forms.second_factor.RenameKeyForm",
}
MFA_ADAPTER = "portal.sign_in.SecondFactors"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
# Nobody signs up here: an address comes from an invitation, the staff or the ERP, never from its owner's word. Else the
# library would bar from second factors whomever anybody asked to reset the password of.
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_TOTP_ISSUER = SHOP_NAME
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = LOCAL
USERSESSIONS_TRACK_ACTIVITY = True
# Whether the staff needs a second factor in the back office.
STAFF_SECOND_FACTOR = flag("STAFF_SECOND_FACTOR", not LOCAL)
AXES_FAILURE_LIMIT = 8
AXES_COOLOFF_TIME = 0.25
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_USERNAME_CALLABLE = "portal.sign_in.address_tried"
AXES_LOCKOUT_TEMPLATE = "account/lockout.html"
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False
TRUSTED_PROXIES = int(number("TRUSTED_PROXIES", 0))
AXES_IPWARE_PROXY_COUNT = TRUSTED_PROXIES or None
ALLAUTH_TRUSTED_PROXY_COUNT = TRUSTED_PROXIES

# Whether companies may ask to become customers, in which currency and up to what credit they trade then, and what becomes of their data.
REGISTRATION_OPEN = flag("REGISTRATION_OPEN", True)
REGISTRATION_CURRENCY = text("REGISTRATION_CURRENCY", "EUR")
REGISTRATION_CREDIT_LIMIT = number("REGISTRATION_CREDIT_LIMIT", 0)
PRIVACY_URL = text("PRIVACY_URL", "")

# -- language, time, numbers ---------------------------------------------------------------------

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("de", _("German"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = ["portal.formats"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"
ERP_TIME_ZONE = text("ERP_TIME_ZONE", "Europe/Vienna")

# -- files ---------------------------------------------------------------------------------------

STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if LOCAL
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = LOCAL
PIM_DROP = text("PIM_DROP", str(VAR_DIR / "pim"))
SUPPLIER_DROP = text("SUPPLIER_DROP", str(VAR_DIR / "suppliers"))

# -- mail ----------------------------------------------------------------------------------------

EMAIL_BACKEND = text(
    "EMAIL_BACKEND",
    "django.core.mail.backends.filebased.EmailBackend"
    if LOCAL
    else "django.core.mail.backends.smtp.EmailBackend",
)
EMAIL_FILE_PATH = VAR_DIR / "mails"
EMAIL_HOST = text("EMAIL_HOST", "localhost")
EMAIL_PORT = int(number("EMAIL_PORT", 25))
EMAIL_HOST_USER = text("EMAIL_HOST_USER", "")
EMAIL_HOST_PASSWORD = text("EMAIL_HOST_PASSWORD", "")
EMAIL_USE_TLS = flag("EMAIL_USE_TLS", False)
DEFAULT_FROM_EMAIL = text("DEFAULT_FROM_EMAIL", "portal@accord.example")

# -- security ------------------------------------------------------------------------------------

SECURE = not LOCAL
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SECURE_SSL_REDIRECT = SECURE and flag("SECURE_SSL_REDIRECT", True)
SECURE_REDIRECT_EXEMPT = [r"^healthz$"]
SECURE_HSTS_SECONDS = 31536000 if SECURE else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = SECURE
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if flag("BEHIND_PROXY", False) else None
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}
# The back office's theme evaluates expressions and sets inline styles; its pages get a policy of their own.
ADMIN_CONTENT_SECURITY_POLICY = {
    **CONTENT_SECURITY_POLICY["DIRECTIVES"],
    "script-src": [SELF, UNSAFE_EVAL, NONCE],
    "style-src": [SELF, UNSAFE_INLINE],
}

# -- API -----------------------------------------------------------------------------------------

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework.authentication.SessionAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": [
        "rest_framework.permissions.IsAuthenticated",
        "portal.api.request.MayUseApi",
    ],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["portal.api.bodies.BodyParser"],
    "EXCEPTION_HANDLER": "portal.api.problems.problem",
    "COERCE_DECIMAL_TO_STRING": True,
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Accord",
    "DESCRIPTION": "Products, prices and orders of the company that is acted for, by the rules of the pages.",
    "VERSION": "1.0.0",
    "OAS_VERSION": "3.1.0",
    "SCHEMA_PATH_PREFIX": "/api/v[0-9]+",
}

# -- work in the background ----------------------------------------------------------------------

# Wake-ups only (integrations/wakeups.py): a task is handed out once, successes are not kept.
Q_BROKERS = {
    "postgres": "integrations.wakeups.WakeUps",
    "redis": "integrations.brokers.redis.RedisWakeUps",
    "sqs": "integrations.brokers.sqs.SqsWakeUps",
}
Q_BROKER = one_of("Q_BROKER", Q_BROKERS)
Q_CLUSTER: dict[str, Any] = {
    "name": "accord",
    "orm": "default",
    "redis": text("Q_REDIS_URL", None if Q_BROKER == "redis" else ""),
    "sqs": {
        "aws_region": text("Q_SQS_REGION", None if Q_BROKER == "sqs" else ""),
        "receive_message_wait_time_seconds": 1,
    },
    "broker_class": Q_BROKERS[Q_BROKER],
    "workers": int(number("Q_WORKERS", 2, least=1)),
    "timeout": 60,
    "retry": 300,
    "queue_limit": int(number("Q_WORKERS", 2, least=1)),
    "bulk": 1,
    "max_attempts": 5,
    "poll": 0.25,
    "save_limit": -1,
    "scheduler": False,
    "recycle": 500,
    "max_rss": 500_000,
    "guard_cycle": 0.5,
    "label": "Tasks",
    "ALT_CLUSTERS": {"slow": {"workers": 1, "queue_limit": 1, "timeout": 1500, "retry": 3300}},
}

# -- other systems -------------------------------------------------------------------------------

ERP = {
    "url": text("ERP_URL", ""),
    "database": text("ERP_DATABASE", "erp"),
    "user": text("ERP_USER", ""),
    "password": text("ERP_PASSWORD", ""),
    "password_file": text("ERP_PASSWORD_FILE", ""),
    "connect_seconds": number("ERP_CONNECT_SECONDS", 3),
    "read_seconds": number("ERP_READ_SECONDS", 35),
}

# A register of tax ids in the form of VIES; none is asked unless an address is given.
TAX_REGISTER: dict[str, Any] = {
    "url": text("TAX_REGISTER_URL", ""),
    "own_vat": text("TAX_REGISTER_OWN_VAT", ""),
    "connect_seconds": number("TAX_REGISTER_CONNECT_SECONDS", 3),
    "read_seconds": number("TAX_REGISTER_READ_SECONDS", 20),
}

# Who may send us news by itself, and the secrets that it signs with, see docs/operations.md.
INBOUND = {
    "erp": {
        "secrets": text("INBOUND_SECRETS_ERP", ""),
        "secrets_file": text("INBOUND_SECRETS_ERP_FILE", ""),
    },
}

# How long deliveries, messages, runs and keys that are settled stay to be looked at.
KEEP_SETTLED_DAYS = number("KEEP_SETTLED_DAYS", 90, least=7)
# How long a buyer waits at most for the ERP's live word on price, stock and credit, together.
# So many messages of one sender and kind that cannot be taken in have a case each; the rest share one.
INBOX_MOST_CASES = number("INBOX_MOST_CASES", 50)
LIVE_CHECK_SECONDS = number("LIVE_CHECK_SECONDS", 2)

# -- logs ----------------------------------------------------------------------------------------

LOGGING = logging_settings(text("LOG_LEVEL", "INFO"))
