"""All settings. What differs between machines comes from leadfunnel.environment, typed and refused when bad."""

import datetime

import dj_database_url
from csp.constants import NONE, SELF
from django.templatetags.static import static
from django.urls import reverse_lazy

from leadfunnel.appliance import embedded
from leadfunnel.environment import ROOT, email_settings, read_environment

ENVIRONMENT = read_environment()
BASE_DIR = ROOT
VAR_DIR = ENVIRONMENT.leadfunnel_var
PRODUCTION = ENVIRONMENT.is_production
SITE_URL = ENVIRONMENT.site_url
PHONE_REGION = ENVIRONMENT.phone_region

# Embedded PostgreSQL, Valkey and mail catcher for whatever the environment does not name (manage.py starts them).
SERVICES = embedded.addresses(ENVIRONMENT)
MAIL_IS_CAUGHT = embedded.catches_mail(ENVIRONMENT)

DEBUG = False
SECRET_KEY = ENVIRONMENT.secret_key or embedded.local_secret_key(VAR_DIR)
SECRET_KEY_FALLBACKS = list(ENVIRONMENT.secret_key_fallbacks)
ALLOWED_HOSTS = list(ENVIRONMENT.allowed_hosts) or ["localhost", "127.0.0.1", "[::1]"]

INSTALLED_APPS = [
    "unfold",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "leadfunnel.staticfiles.WithoutLeftovers",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "axes",
    "csp",
    "crispy_forms",
    "crispy_bootstrap5",
    "django_filters",
    "django_htmx",
    "template_partials",
    "jobs",
    "mail",
    "team",
    "leads",
    "scoring",
    "routing",
    "notices",
    "nurturing",
    "capture",
    "insights",
    "web",
    "demo",
]

MIDDLEWARE = [
    "leadfunnel.health.HealthMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "web.middleware.BodyLimitMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "web.middleware.ComposedTextMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "web.middleware.PageSecurityMiddleware",
    "web.middleware.ReaderTimeZoneMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "leadfunnel.urls"
WSGI_APPLICATION = "leadfunnel.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "web.navigation.navigation",
            ],
        },
    }
]

DATABASES = {
    "default": dj_database_url.parse(SERVICES.database_url, conn_max_age=60, conn_health_checks=True)
    | {"ATOMIC_REQUESTS": False, "TEST": {"NAME": "test_leadfunnel"}}
}
DATABASES["default"].setdefault("OPTIONS", {}).update(
    fallback_application_name="leadfunnel",
    connect_timeout=2,
    tcp_user_timeout=10_000,
    options=f"-c statement_timeout={ENVIRONMENT.statement_timeout_seconds}s -c idle_in_transaction_session_timeout=60s",
)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "team.User"
AUTHENTICATION_BACKENDS = ["axes.backends.AxesBackend", "django.contrib.auth.backends.ModelBackend"]
LOGIN_URL = "web:sign-in"
LOGIN_REDIRECT_URL = "web:home"
# Whom the condition editor asks what a condition says; named here, as the editor stands below the pages.
CONDITION_CHECK_URL = reverse_lazy("web:condition-check")
LOGOUT_REDIRECT_URL = "web:sign-in"
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
PASSWORD_RESET_TIMEOUT = 24 * 3600

# Five bad tries for one account from one address within five minutes close every sign-in path to both for the rest of
# the five minutes. Axes works inside authenticate() and counts in the database: no path and no restart goes round it.
AXES_HANDLER = "web.public.sign_in_limit.RefuseNextTry"
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = datetime.timedelta(minutes=5)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_RESET_ON_SUCCESS = True
AXES_USERNAME_FORM_FIELD = "username"
AXES_USERNAME_CALLABLE = "web.public.sign_in_limit.account"
AXES_CLIENT_IP_CALLABLE = "web.public.sign_in_limit.throttle_address"
AXES_LOCKOUT_CALLABLE = "web.public.accounts.too_many_tries"
AXES_SENSITIVE_PARAMETERS = ["password", "csrfmiddlewaretoken"]
AXES_DISABLE_ACCESS_LOG = True
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False
TRUSTED_PROXIES = ENVIRONMENT.trusted_proxies

SESSION_COOKIE_AGE = ENVIRONMENT.session_hours * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
if PRODUCTION:
    SESSION_COOKIE_NAME = "__Host-sessionid"
    CSRF_COOKIE_NAME = "__Host-csrftoken"
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
    SECURE_SSL_REDIRECT = True
    SECURE_HSTS_SECONDS = ENVIRONMENT.hsts_seconds
    SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = True
    CSRF_TRUSTED_ORIGINS = [SITE_URL]
    if TRUSTED_PROXIES:
        SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "object-src": [NONE],
    }
}
# Unfold brings Alpine, which builds functions from attributes, and inline styles; only staff reach it.
ADMIN_CONTENT_SECURITY_POLICY = CONTENT_SECURITY_POLICY["DIRECTIVES"] | {
    "script-src": [SELF, "'unsafe-eval'"],
    "style-src": [SELF, "'unsafe-inline'"],
}

FILE_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5000
NEWS_KEPT_DAYS = ENVIRONMENT.news_kept_days
UPLOAD_MAX_BYTES = ENVIRONMENT.upload_megabytes * 1024 * 1024
MEDIA_ROOT = VAR_DIR / "media"
FILE_UPLOAD_PERMISSIONS = 0o600

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_I18N = False
FORMAT_MODULE_PATH = "leadfunnel.formats"
USE_TZ = True

STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS = [
    BASE_DIR / "static",
    ("tabler/css", BASE_DIR / "node_modules" / "@tabler" / "core" / "dist" / "css"),
    ("tabler/js", BASE_DIR / "node_modules" / "@tabler" / "core" / "dist" / "js"),
]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "leadfunnel.staticfiles.HashedStorage", "OPTIONS": {"file_permissions_mode": 0o644}},
}
WHITENOISE_KEEP_ONLY_HASHED_FILES = True
if not PRODUCTION:
    # Served from where they lie: nothing to collect before the first start, and a change shows at the next reload.
    STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = True
ICONS_DIR = BASE_DIR / "node_modules" / "@tabler" / "icons" / "icons"

CRISPY_ALLOWED_TEMPLATE_PACKS = "bootstrap5"
CRISPY_TEMPLATE_PACK = "bootstrap5"

EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = SERVER_EMAIL = ENVIRONMENT.default_from_email
vars().update(email_settings(SERVICES.email_url))

# Celery is the bell, PostgreSQL the queue (docs/architecture.md): losing every message costs latency only.
REDIS_URL = _redis = SERVICES.redis_url
CELERY_BROKER_URL = f"redis+socket://{_redis.removeprefix('unix://')}" if _redis.startswith("unix:") else _redis
CELERY_TASK_IGNORE_RESULT = True
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_SERIALIZER = "json"
# A message counts as done only when its task is over. One that failed or took too long is not repeated: its work is
# still in the database, and the next tick finds it.
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_ACKS_ON_FAILURE = True
CELERY_TASK_ACKS_ON_TIMEOUT = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_SOFT_TIME_LIMIT = 240
CELERY_TASK_TIME_LIMIT = 300
# Longer than any task; Celery reads it in three places.
CELERY_VISIBILITY_TIMEOUT = 600
CELERY_RESULT_BACKEND_TRANSPORT_OPTIONS = {"visibility_timeout": CELERY_VISIBILITY_TIMEOUT}
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": CELERY_VISIBILITY_TIMEOUT,
    # Look for messages of dead workers every ten seconds instead of every hundred.
    "unacked_restore_interval": 10,
    "unacked_restore_throttle": 1,
    "unacked_mutex_expire": 60,
    "socket_timeout": 5,
    "socket_connect_timeout": 1,
    "health_check_interval": 10,
    "max_retries": 1,
    "interval_start": 0,
    "interval_step": 0.1,
    "interval_max": 0.2,
}
# A page gives up on a dead broker at once; a worker never does.
CELERY_BROKER_CONNECTION_TIMEOUT = 1
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_BROKER_POOL_LIMIT = 4
CELERY_BROKER_POOL_ACQUIRE_TIMEOUT = 0.2
CELERY_TASK_PUBLISH_RETRY_POLICY = {"max_retries": 1, "interval_start": 0, "interval_step": 0.1, "interval_max": 0.1}
# Tasks are short; no task waits in a worker for its hour, so an idle worker may stop at once.
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 30
CELERY_WORKER_ENABLE_SOFT_SHUTDOWN_ON_IDLE = False
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True
CELERY_WORKER_MAX_TASKS_PER_CHILD = 5000
CELERY_WORKER_MAX_MEMORY_PER_CHILD = 300_000
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_SEND_TASK_EVENTS = False
# The schedule is in leadfunnel.celery.
CELERY_BEAT_SCHEDULER = "leadfunnel.beat:PatientScheduler"
CELERY_TIMEZONE = "UTC"

UNFOLD = {
    "SITE_TITLE": "LeadFunnel admin",
    "SITE_HEADER": "LeadFunnel",
    "SITE_SUBHEADER": "Administration",
    "SITE_URL": "/",
    "SITE_SYMBOL": "filter_alt",
    "STYLES": [lambda request: static("css/bell.css"), lambda request: static("css/admin.css")],
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": lambda request: static("img/mark.svg")}],
    "SHOW_HISTORY": True,
    "SHOW_VIEW_ON_SITE": False,
    "SHOW_BACK_BUTTON": True,
    "SIDEBAR": {
        "show_search": False,
        "show_all_applications": False,
        "navigation": "leadfunnel.admin_sidebar.navigation",
    },
    # The accent of static/css/app.css, #0f766e, and its neighbours.
    "COLORS": {
        "primary": {
            "50": "#f0fdfa",
            "100": "#d5f5f0",
            "200": "#a9e9e0",
            "300": "#74d6ca",
            "400": "#3dbbad",
            "500": "#17988b",
            "600": "#0f766e",
            "700": "#0b5f58",
            "800": "#0b4c47",
            "900": "#0c3e3a",
            "950": "#042524",
        },
    },
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": ENVIRONMENT.log_level},
    "loggers": {
        "axes": {"level": "WARNING"},
        "celery.beat": {"level": "WARNING"},
        # A line for every tick and its end would hide all others.
        "celery.worker.strategy": {"level": "WARNING"},
        "celery.app.trace": {"level": "WARNING"},
    },
}
