"""Django's settings, made from the environment. docs/configuration.md lists every variable."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import dj_database_url
from csp.constants import NONCE, NONE, SELF
from django.utils.translation import gettext_lazy as _

from config import environment, logs

DATA_FOLDER = environment.data_folder()
_keys = environment.keys(DATA_FOLDER)

SECRET_KEY = _keys["session"]
ENCRYPTION_KEYS = _keys["encryption"]
#: Where to read them again when they have changed; and the same, if it is ours to write.
ENCRYPTION_KEYS_FILE = environment.encryption_keys_file(DATA_FOLDER)
OWN_KEYS_FILE = environment.own_keys_file(DATA_FOLDER)
#: Where workers note which mails they have begun to hand in; on a disk or in memory (tmpfs).
JOURNAL_FOLDER = environment.journal_folder(DATA_FOLDER)
DEBUG = False
BASE_URL = environment.read("BASE_URL", "http://127.0.0.1:8800").rstrip("/")
ALLOWED_HOSTS = [
    *environment.read_list("ALLOWED_HOSTS", "127.0.0.1,localhost,[::1]"),
    urlsplit(BASE_URL).hostname or "",
]
CSRF_TRUSTED_ORIGINS = [BASE_URL]
#: Destinations may call servers on this machine or network: only for the sandbox and for tests.
ALLOW_PRIVATE_ADDRESSES = environment.read_flag("ALLOW_PRIVATE_ADDRESSES")
#: Whether entries' permalinks are opened before they are posted, to see whether readers can.
PROBE_PERMALINKS = environment.read_flag("PROBE_PERMALINKS", default=True)

#: Where test posts go.
SANDBOX_URL = environment.read("SANDBOX_URL", "http://127.0.0.1:8801").rstrip("/")

#: Where new pictures are kept, like ``s3://bucket/prefix``; empty: in the database. The rest is
#: needed as long as a picture is in a bucket.
PICTURE_STORE = environment.picture_store()
S3_REGION = environment.read("S3_REGION") or "us-east-1"
S3_ENDPOINT = environment.s3_endpoint(S3_REGION)
S3_KEY_ID = environment.read("S3_KEY_ID")
S3_SECRET = environment.read("S3_SECRET")

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "csp",
    "syndicator.accounts",
    "syndicator.entries",
    "syndicator.pictures",
    "syndicator.alerts",
    "syndicator.following",
    "syndicator.probing",
    "syndicator.signed_push",
    "syndicator.destinations",
    "syndicator.posts",
    "syndicator.newsletter",
    "syndicator.subscriber_lists",
    "syndicator.returns",
    "syndicator.digests",
    "syndicator.entrance",
    "syndicator.approval_mail",
    "syndicator.nights",
    "syndicator.signup",
    "syndicator.share",
    "syndicator.published",
    "syndicator.desk",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.gzip.GZipMiddleware",  # it pads its answers against BREACH
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "syndicator.desk.first_steps.FirstSteps",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.jinja2.Jinja2",
        "APP_DIRS": True,
        "OPTIONS": {
            "environment": "syndicator.desk.pages.environment",
            "context_processors": [
                "django.contrib.messages.context_processors.messages",
                "syndicator.desk.pages.context",
            ],
        },
    },
]

_sqlite: dict[str, Any] = {
    # A deferred transaction that turns into a writer fails with "locked" instead of waiting.
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,
    # NORMAL may roll a commit back on power loss, and a forgotten attempt is a double post.
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;",
}
_database_url = environment.read("DATABASE_URL")


_IMPATIENT = (
    "-c idle_in_transaction_session_timeout=15s",
    "-c lock_timeout=10s",
    "-c tcp_keepalives_idle=10",
    "-c tcp_keepalives_interval=5",
    "-c tcp_keepalives_count=3",
)


def _server(url: str) -> Any:
    """A server that vanished is noticed within seconds, not after the kernel's two hours."""
    database = dj_database_url.parse(url, conn_max_age=600, conn_health_checks=True)
    if database["ENGINE"].endswith("postgresql"):
        options = database.setdefault("OPTIONS", {})
        options.update(
            connect_timeout=5, keepalives_idle=10, keepalives_interval=5, keepalives_count=3
        )
        # And the server notices a worker that was stopped or cut off within a transaction, whose
        # locks would hold up every other.
        options["options"] = " ".join((options.get("options", ""), *_IMPATIENT)).strip()
    return database


DATABASES: dict[str, Any] = {
    "default": _server(_database_url)
    if _database_url
    else {
        "ENGINE": "syndicator.embedded.sqlite",
        "NAME": DATA_FOLDER / "syndicator.sqlite3",
        "CONN_MAX_AGE": None,
        "OPTIONS": _sqlite,
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "accounts.User"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
SESSION_ENGINE = "syndicator.entrance.sessions"
LOGIN_URL = "desk:login"
LOGIN_REDIRECT_URL = "desk:queue"
LOGOUT_REDIRECT_URL = "desk:login"

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("de", _("German"))]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

LOCALE_PATHS = [environment.PACKAGE / "locale"]

STATIC_URL = "static/"
WHITENOISE_USE_FINDERS = True

_https = BASE_URL.startswith("https://")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _https
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if _https else None
SECURE_HSTS_SECONDS = 31_536_000 if _https else 0
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
#: Proxies of our own in front: each adds the address it was called from to X-Forwarded-For.
PROXIES = environment.read_number("PROXIES", 1 if _https else 0)
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, NONCE],
        "img-src": [SELF, "data:"],
        "connect-src": [SELF],
        "font-src": [SELF],
        "form-action": [SELF],
        "frame-src": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    }
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_500_000

_mail = environment.mail_server()
#: Empty if no mail server is set; then alerts are not mailed.
EMAIL_HOST = _mail.host if _mail else ""
if _mail:
    EMAIL_PORT = _mail.port
    EMAIL_HOST_USER = _mail.username
    EMAIL_HOST_PASSWORD = _mail.password
    EMAIL_USE_TLS = _mail.starttls
    EMAIL_USE_SSL = _mail.tls
    DEFAULT_FROM_EMAIL = _mail.sender
#: Seconds for one answer.
EMAIL_TIMEOUT = 10
ALERT_ADDRESSES = environment.alert_addresses()
ALERT_LANGUAGE = environment.alert_language(dict(LANGUAGES))

#: What a Prometheus server must show to read the metrics; empty: nobody may.
METRICS_TOKEN = environment.read("METRICS_TOKEN")

_provider = environment.provider(("viewer", "author", "editor", "admin"))
#: Where people may sign in besides; empty if nowhere.
OIDC_ISSUER = _provider.issuer
OIDC_CLIENT_ID = _provider.client_id
OIDC_CLIENT_SECRET = _provider.client_secret
OIDC_NAME = _provider.name
OIDC_ROLES_CLAIM = _provider.roles_claim
OIDC_ROLES = _provider.roles

CELERY_BROKER_URL = environment.read("BROKER_URL", "doorbell://localhost")

LOGGING_CONFIG = None
logs.configure(json_lines=environment.read("LOG_FORMAT", "text") == "json")
