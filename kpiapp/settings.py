"""The one settings file: every difference between deployments is an environment variable."""

import atexit
import os
import secrets
import sys
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import unquote, urlsplit

import dj_database_url
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = Path(os.environ.get("DATA_DIR", BASE_DIR / ".data")).resolve()
TESTING = "pytest" in sys.modules
if TESTING:
    # Tests empty tables and send mails: whatever is exported, they and what they start see none of these.
    for _name in (
        *("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL", "EMAIL_URL", "DEFAULT_FROM_EMAIL", "MEDIA_ROOT"),
        *("STATIC_ROOT", "SECRET_KEY", "ALLOWED_HOSTS", "CSRF_TRUSTED_ORIGINS", "BASE_URL", "HTTPS", "DEBUG"),
    ):
        os.environ.pop(_name, None)
DEBUG = os.environ.get("DEBUG", "0") == "1"

# With no DATABASE_URL this is a development machine: the servers of DATA_DIR are found, or started.
EMBEDDED = "DATABASE_URL" not in os.environ
_defaults: dict[str, str] = {}
if EMBEDDED:
    from kpiapp import servers

    if TESTING:
        with ExitStack() as _stack:
            TEST_SERVERS = _postgres, _valkey = _stack.enter_context(servers.throw_away())
            atexit.register(_stack.pop_all().close)
        DATA_DIR = _postgres.folder.parent
        _servers = servers.Addresses(
            _postgres.url(servers.APP), _postgres.url(servers.OWNER), _valkey.url(), secrets.token_urlsafe(50)
        )
    elif servers.needed(sys.argv, os.environ):
        _servers = servers.ensure(DATA_DIR)
    else:
        _servers = servers.Addresses("postgres:///", "postgres:///", "redis://", secrets.token_urlsafe(50))
    _defaults = {
        "DATABASE_URL": _servers.database_url,
        "DATABASE_OWNER_URL": _servers.database_owner_url,
        "REDIS_URL": _servers.redis_url,
        "SECRET_KEY": _servers.secret_key,
        "ALLOWED_HOSTS": "localhost,127.0.0.1,[::1],testserver",
        "BASE_URL": f"http://localhost:{os.environ.get('PORT') or 8000}",
    }


def _setting(name: str, default: str | None = None) -> str:
    value = os.environ.get(name) or _defaults.get(name, default)
    if value is None:
        raise ImproperlyConfigured(f"Set the environment variable {name}.")
    return value


SECRET_KEY = _setting("SECRET_KEY")
ALLOWED_HOSTS = _setting("ALLOWED_HOSTS").split(",")
HTTPS = _setting("HTTPS", "0" if EMBEDDED else "1") == "1"
if not EMBEDDED:
    if DEBUG:
        raise ImproperlyConfigured("DEBUG=1 is for development only: unset it, or unset DATABASE_URL.")
    if len(SECRET_KEY) < 40:
        raise ImproperlyConfigured("SECRET_KEY is too short: use at least 40 random characters.")
    if not HTTPS and not set(ALLOWED_HOSTS) <= {"localhost", "127.0.0.1", "[::1]"}:
        raise ImproperlyConfigured("HTTPS=0 is for this machine alone: unset it, or allow only localhost.")
CSRF_TRUSTED_ORIGINS = [origin for origin in _setting("CSRF_TRUSTED_ORIGINS", "").split(",") if origin]

INSTALLED_APPS = [
    "payroll",
    "scorecards",
    "strategy",
    "kpiapp",
    "allauth",
    "allauth.account",
    "django_htmx",
    "rest_framework",
    "csp",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "django.forms",  # its widget templates, for FORM_RENDERER
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    # Above WhiteNoise: development serves the source folder, which holds nothing compressed beforehand.
    "django.middleware.gzip.GZipMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    # Last, so that everything above has run before the tenant's transaction opens around the view.
    "kpiapp.middleware.OrganizationMiddleware",
]

ROOT_URLCONF = "kpiapp.urls"
WSGI_APPLICATION = "kpiapp.wsgi.application"
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "kpiapp.context_processors.page",
            ],
            "string_if_invalid": "",
        },
    }
]

# The web and the workers connect as a role that owns nothing; only migrations use the owner.
DATABASES = {
    "default": dj_database_url.parse(_setting("DATABASE_URL"), conn_max_age=600, conn_health_checks=True),
    "owner": dj_database_url.parse(_setting("DATABASE_OWNER_URL", _setting("DATABASE_URL"))),
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = _setting("REDIS_URL")
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        # A server that hangs must not hold up a page: sessions are then read from the database.
        "OPTIONS": {"socket_timeout": 1, "socket_connect_timeout": 1},
    }
}

AUTH_USER_MODEL = "kpiapp.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("MinimumLengthValidator", "CommonPasswordValidator", "UserAttributeSimilarityValidator")
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "optional"
ACCOUNT_ADAPTER = "kpiapp.accounts.AccountAdapter"
ACCOUNT_FORMS = {"signup": "kpiapp.accounts.SignupForm"}
ACCOUNT_SESSION_REMEMBER = None
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""

# Read from the cache, kept in the database: a lost cache signs nobody out.
SESSION_ENGINE = "django.contrib.sessions.backends.cached_db"
SESSION_COOKIE_AGE = 60 * 60 * 24 * 14
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^healthz/"]
SECURE_HSTS_SECONDS = 60 * 60 * 24 * 365 if HTTPS else 0
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}

LANGUAGE_CODE = "vi"
LANGUAGES = [("vi", "Tiếng Việt"), ("en", "English")]
LOCALE_PATHS = [BASE_DIR / "kpiapp" / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Asia/Ho_Chi_Minh"
FORMAT_MODULE_PATH = ["kpiapp.formats"]

STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = Path(os.environ.get("STATIC_ROOT", DATA_DIR / "static"))
MEDIA_ROOT = Path(os.environ.get("MEDIA_ROOT", DATA_DIR / "media"))
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "kpiapp.storage.StaticStorage"},
}
# Development serves the source folder; production serves what collectstatic gathered.
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = EMBEDDED
if EMBEDDED:
    STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
DATA_UPLOAD_MAX_MEMORY_SIZE = 10 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 20_000

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["kpiapp.api.MemberAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["kpiapp.api.IsMember"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PAGINATION_CLASS": "kpiapp.api.IdPagination",
    "PAGE_SIZE": 100,
    "COERCE_DECIMAL_TO_STRING": True,
}

CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# task_time_limit < lease of a job row < visibility timeout, so no piece of work is ever held twice.
CELERY_TASK_TIME_LIMIT = 600
JOB_LEASE_SECONDS = 660
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 1800,
    "unacked_restore_interval": 1,
    "unacked_restore_throttle": 1,
    # A broker that is down must not hold up a web request: ask twice, briefly; the sweeper rings later.
    "socket_connect_timeout": 1,
    "max_retries": 1,
    "interval_start": 0,
    "interval_step": 0.1,
    "interval_max": 0.1,
}
CELERY_REDBEAT_REDIS_URL = REDIS_URL
CELERY_TIMEZONE = TIME_ZONE

if _setting("EMAIL_URL", ""):
    _mail = urlsplit(_setting("EMAIL_URL"))
    EMAIL_HOST, EMAIL_PORT = _mail.hostname, _mail.port or 587
    EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = unquote(_mail.username or ""), unquote(_mail.password or "")
    EMAIL_USE_TLS = _mail.scheme == "smtp+tls"
else:
    EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    EMAIL_FILE_PATH = DATA_DIR / "mail"
# Where people reach the site: mails that no request stands behind link to it.
BASE_URL = _setting("BASE_URL", f"{'https' if HTTPS else 'http'}://{ALLOWED_HOSTS[0]}").rstrip("/")
DEFAULT_FROM_EMAIL = _setting("DEFAULT_FROM_EMAIL", "kpi@localhost")

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": os.environ.get("LOG_LEVEL", "INFO")},
}
