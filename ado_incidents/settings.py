"""The settings: one file, driven by the environment (names in README.md, "Configuration")."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import dj_database_url
import django_stubs_ext
import structlog
from csp.constants import NONCE, NONE, SELF
from django.templatetags.static import static
from django.urls import reverse_lazy
from environs import Env

from ado_incidents.environment import adopt_running_servers
from apps.core.logs import without_tokens
from apps.identity.oidc import configuration as oidc

django_stubs_ext.monkeypatch()  # lets a form or an admin name its model in its type: ModelForm[Override]

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = adopt_running_servers(BASE_DIR)
env = Env()

DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = env.str("SECRET_KEY", default="")
if not SECRET_KEY and {"makemigrations", "spectacular", "check"} & set(sys.argv):
    SECRET_KEY = "only-for-commands-that-serve-nothing"  # noqa: S105
if not SECRET_KEY:
    raise SystemExit("SECRET_KEY is not set. Start with `make run`, or set it in the environment.")
#: What secrets in the database are encrypted with, newest first (docs/secrets.md).
FIELD_KEYS: list[str] = env.list("FIELD_KEYS", default=[])
SITE_URL = env.str("SITE_URL", default="http://127.0.0.1:8000").rstrip("/")
_site = urlsplit(SITE_URL)
#: What customers know the house by, on the status page.
STATUS_PAGE_NAME = env.str("STATUS_PAGE_NAME", default="ADO")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost", "[::1]", str(_site.hostname)])
CSRF_TRUSTED_ORIGINS = [SITE_URL]
SECURE_ORIGIN = _site.scheme == "https"
#: So many proxies stand before the web server, each of which says in X-Forwarded-For whom it heard.
TRUSTED_PROXIES = env.int("TRUSTED_PROXIES", default=0)
if SECURE_ORIGIN:  # the web server speaks HTTP: what ends TLS before it says so
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

INSTALLED_APPS = [
    "unfold",
    "unfold.contrib.filters",
    "unfold.contrib.simple_history",
    "unfold.contrib.guardian",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.postgres",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "allauth.socialaccount",
    "axes",
    "csp",
    "django_filters",
    "django_htmx",
    "django_structlog",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "guardian",
    "pgtrigger",
    "rest_framework",
    "simple_history",
    "apps.core",
    "apps.engine",
    "apps.teams",
    "apps.identity",
    "apps.contacts",
    "apps.catalog",
    "apps.rosters",
    "apps.incidents",
    "apps.notifications",
    "apps.alerts",
    "apps.escalation",
    "apps.communications",
    "apps.postmortems",
    "apps.reports",
    "apps.integrations",
    "apps.audit",
    "apps.insights",
    "apps.desk",
    "apps.procedures",
    "apps.privacy",
    "apps.operation",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "apps.communications.status_page.middleware.StrangersMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "apps.core.policies.PolicyMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "django_structlog.middlewares.RequestMiddleware",
    "apps.core.origins.OriginMiddleware",
    "apps.core.quotas.QuotaMiddleware",
    "simple_history.middleware.HistoryRequestMiddleware",
    "apps.teams.middleware.ViewerTimeZoneMiddleware",
    "apps.teams.middleware.SignedOutMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "apps.teams.middleware.ConfirmingMiddleware",  # asked before allauth what to do where somebody has to confirm
    "apps.identity.middleware.FactorMiddleware",
    "axes.middleware.AxesMiddleware",
    "apps.operation.middleware.EmergencyPassMiddleware",
    "apps.core.admin_lists.AdminAddressMiddleware",
]

ROOT_URLCONF = "ado_incidents.urls"
WSGI_APPLICATION = "ado_incidents.wsgi.application"

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
                "apps.desk.context.house",
            ],
        },
    }
]

# Database: the application's role by default, the owner's for the commands that change the schema (see manage.py).
OWNER_ROLE = env.str("DATABASE_ROLE", default="application") == "owner"
_application_url = env.str("DATABASE_URL", default="postgresql://ado_app@127.0.0.1:5432/ado")
_owner_url = env.str("DATABASE_OWNER_URL", default=_application_url)
DATABASES = {
    "default": {
        **dj_database_url.parse(_owner_url if OWNER_ROLE else _application_url),
        "ENGINE": "django.db.backends.postgresql",
        "CONN_MAX_AGE": env.int("DATABASE_CONN_MAX_AGE", default=60),
        "CONN_HEALTH_CHECKS": True,
        # A server that vanished without a word is noticed within some ten seconds, on a connection that is kept too.
        "OPTIONS": {
            "application_name": "ado_incidents",
            "connect_timeout": 5,
            "keepalives_idle": 5,
            "keepalives_interval": 2,
            "keepalives_count": 3,
            "tcp_user_timeout": 10_000,
        },
    }
}
DATABASE_APPLICATION_ROLE = dj_database_url.parse(_application_url)["USER"]
#: Who may have written what is sealed; former names of the two roles are added by the variable.
AUDIT_DATABASE_ROLES: list[str] = [
    DATABASE_APPLICATION_ROLE,
    dj_database_url.parse(_owner_url)["USER"],
    *env.list("AUDIT_DATABASE_ROLES", default=[]),
]
#: The largest roster that there may be, on its page in the admin: 50 layers, its people, and the overrides of months.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 50_000
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Sign-in
AUTH_USER_MODEL = "teams.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "apps.identity.backends.GuessesBackend",
    "apps.teams.backends.PeopleBackend",
    "guardian.backends.ObjectPermissionBackend",
    "apps.teams.backends.OrganisationBackend",
]
GUARDIAN_MONKEY_PATCH_USER = False
ANONYMOUS_USER_NAME = None
GUARDIAN_GET_INIT_ANONYMOUS_USER = "apps.teams.access.no_anonymous_user"
AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_VERBOSE = False
AXES_CLIENT_IP_CALLABLE = "apps.core.origins.counted_address_of"
AXES_USERNAME_CALLABLE = "apps.identity.lockout.account_of"
AXES_LOCKOUT_TEMPLATE = "account/locked_out.html"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = reverse_lazy("account_login")
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = reverse_lazy("account_login")
ACCOUNT_ADAPTER = "apps.identity.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"  # addresses are verified where they are to be paged by (apps.contacts)
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_FORMS = {
    "login": "apps.identity.forms.SignInForm",
    "reauthenticate": "apps.identity.forms.ConfirmForm",
    "change_password": "apps.identity.forms.OtherPasswordForm",
    "set_password": "apps.identity.forms.NewPasswordForm",
    "reset_password": "apps.identity.forms.ForgottenForm",
    "reset_password_from_key": "apps.identity.forms.ChosenPasswordForm",
}
#: For so long a wrong code counts against its account.
WRONG_CODES_COUNT_MINUTES = 15
ACCOUNT_RATE_LIMITS = {
    "login": "120/m/ip",  # a whole office may come from one address
    "provider": "120/m/ip",  # going to an identity provider, and coming back
    "reset_password": "20/m/ip,5/h/key",  # links to choose another password by, by address
    "reset_password_from_key": "20/m/ip",
    "login_failed": f"10/{WRONG_CODES_COUNT_MINUTES}m/key",  # codes, by account; passwords are counted by django-axes
}
#: For so long (seconds) a link works by which a forgotten password is replaced.
PASSWORD_RESET_TIMEOUT = 60 * 60
#: For so long after somebody said who they are, what is sensitive does not ask again (apps.teams.sensitive).
CONFIRMED_FOR = timedelta(minutes=env.int("CONFIRMED_FOR_MINUTES", default=15))
ACCOUNT_REAUTHENTICATION_TIMEOUT = int(CONFIRMED_FOR.total_seconds())
ACCOUNT_REAUTHENTICATION_METHODS = ("password", "mfa")
#: Identity providers that people may sign in by (docs/identity-providers.md).
OIDC_PROVIDERS = oidc.read(env)
#: So long what a sign-in says of groups holds, unless another one says it again; longer than a session lasts.
OIDC_GROUPS_HOLD = timedelta(hours=env.int("OIDC_GROUPS_HOURS", default=360))
SOCIALACCOUNT_ADAPTER = "apps.identity.oidc.adapter.ProviderAdapter"
SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": [each.as_app() for each in OIDC_PROVIDERS.values()]}}
MFA_ADAPTER = "apps.identity.adapter.FactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_FORMS = {
    "authenticate": "apps.identity.forms.CodeForm",
    "reauthenticate": "apps.identity.forms.ConfirmCodeForm",
    "activate_totp": "apps.identity.forms.AddAppForm",
    "add_webauthn": "apps.identity.forms.AddPasskeyForm",
    "authenticate_webauthn": "apps.identity.forms.PasskeyForm",
    "login_webauthn": "apps.identity.forms.PasskeySignInForm",
    "reauthenticate_webauthn": "apps.identity.forms.ConfirmPasskeyForm",
}
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_TOTP_ISSUER = "ADO Incidents"
MFA_TOTP_TOLERANCE = 1  # phones are half a minute off
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not SECURE_ORIGIN  # http://localhost, which browsers trust
#: Whoever holds one of these roles, in whatever team, has to have a second factor (apps.teams.factors).
FACTOR_REQUIRED_ROLES: list[str] = env.list("FACTOR_REQUIRED_ROLES", default=[])
INVITATION_LIFETIME = timedelta(days=env.int("INVITATION_DAYS", default=7))
#: Attempts to sign in and used codes, counted over all processes; only what limits guessing is kept there.
CACHES = {
    "default": {
        "BACKEND": "apps.identity.cache.CountingCache",
        "LOCATION": "identity_remembered",
        "OPTIONS": {"MAX_ENTRIES": 10_000},  # beyond so many, those that are over are swept
    }
}
#: By this cookie a browser says to which accounts somebody signed in with it (apps.identity.devices).
DEVICE_COOKIE_NAME = "__Host-device" if SECURE_ORIGIN else "device"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_ORIGIN
if SECURE_ORIGIN:  # a browser takes such a name from this very host alone, over TLS, and for all of it
    SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "__Host-sessionid", "__Host-csrftoken"
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = int(timedelta(days=14).total_seconds())
SECURE_HSTS_SECONDS = int(timedelta(days=365).total_seconds()) if SECURE_ORIGIN else 0
SECURE_SSL_REDIRECT = SECURE_ORIGIN
#: Asked from beside the web server, where nothing ends TLS.
SECURE_REDIRECT_EXEMPT = [r"^(healthz|readyz|metrics)$"]
#: What binds the other hosts of the domain is for whoever owns it to say, before the web server.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
#: Whom to tell of a hole, as "mailto:…" or "https://…", and until when that holds (/.well-known/security.txt).
SECURITY_CONTACT: list[str] = env.list("SECURITY_CONTACT", default=[])
_expires = env.str("SECURITY_EXPIRES", default="")
SECURITY_EXPIRES = datetime.fromisoformat(_expires).astimezone(UTC) if _expires else None
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF, NONCE],
        "worker-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "frame-ancestors": [NONE],
        "object-src": [NONE],
        "base-uri": [NONE],
        # A form that leads to an identity provider is sent to ourselves, and on from there.
        "form-action": [SELF, *(origin for provider in OIDC_PROVIDERS.values() for origin in provider.form_targets)],
    },
}

#: How long a token lives unless somebody says otherwise, and how long at most.
TOKEN_LIFE = timedelta(days=env.int("TOKEN_LIFE_DAYS", default=90))
TOKEN_LONGEST_LIFE = timedelta(days=env.int("TOKEN_LONGEST_LIFE_DAYS", default=365))

#: How many requests a minute the API takes: to look and to do something by each token or session, to answer a page, of
#: each address from nobody who is known, and of each address the public pages; 0: any number.
QUOTAS = {
    "read": env.int("QUOTA_READ", default=600),
    "write": env.int("QUOTA_WRITE", default=300),
    "answer": env.int("QUOTA_ANSWER", default=600),
    "stranger": env.int("QUOTA_STRANGER", default=120),
    "public": env.int("QUOTA_PUBLIC", default=1200),
    "report": env.int("QUOTA_REPORT", default=5),
}

# Time and language
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en-gb"
USE_I18N = True

# Rosters: shifts are filled so far ahead.
ROSTER_HORIZON = timedelta(days=env.int("ROSTER_HORIZON_DAYS", default=120))

# Static files
STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_USE_FINDERS = True

# Broker: wakes workers up and may lose everything it holds (docs/decisions/0003-engine.md).
REDIS_URL = env.str("REDIS_URL", default="redis://127.0.0.1:6379/0")
LANES = ("pages", "work", "bulk")
CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_TIMEZONE = "UTC"
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None  # for ever: by default a worker ends after some 45 minutes without a broker
CELERY_BROKER_CHANNEL_ERROR_RETRY = True  # and at once where a broker that starts anew refuses a command
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "socket_connect_timeout": 2,
    "health_check_interval": 10,
    # Hints are worth nothing after some seconds. A worker that wants to put back, when its broker goes, what it has
    # not begun (kombu, redis transport, QoS.restore_unacked) ends with an AttributeError.
    "ack_emulation": False,
}
CELERY_BEAT_SCHEDULE = {
    f"tick-{lane}": {"task": "engine.tick", "schedule": 1.0, "args": [lane], "options": {"queue": lane, "expires": 5}}
    for lane in LANES
}
WAKE_LIMIT = timedelta(milliseconds=200)
WAKE_PAUSE_AFTER_FAILURE = timedelta(seconds=5)
ENGINE_KEEPS_FINISHED = timedelta(days=7)
#: So many failures of a provider in a row, over all processes, and it is left alone for a while.
BREAKER_FAILURES = env.int("BREAKER_FAILURES", default=5)

# Mail
_email = env.dj_email_url("EMAIL_URL", default="smtp://127.0.0.1:25")
EMAIL_BACKEND = "apps.notifications.channels.smtp.Backend"
EMAIL_HOST = _email["EMAIL_HOST"]
EMAIL_PORT = _email["EMAIL_PORT"]
EMAIL_HOST_USER = _email["EMAIL_HOST_USER"]
EMAIL_HOST_PASSWORD = _email["EMAIL_HOST_PASSWORD"]
EMAIL_USE_TLS = _email.get("EMAIL_USE_TLS", False)
EMAIL_USE_SSL = _email.get("EMAIL_USE_SSL", False)
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="ADO Incidents <incidents@localhost>")
SERVER_EMAIL = DEFAULT_FROM_EMAIL

# The providers of the other channels; each is used once it is complete (docs/integrations.md).
TWILIO_API_URL = env.str("TWILIO_API_URL", default="https://api.twilio.com").rstrip("/")
TWILIO_ACCOUNT_SID = env.str("TWILIO_ACCOUNT_SID", default="")
TWILIO_AUTH_TOKEN = env.str("TWILIO_AUTH_TOKEN", default="")
TWILIO_SMS_FROM = env.str("TWILIO_SMS_FROM", default="")
TWILIO_VOICE_FROM = env.str("TWILIO_VOICE_FROM", default="")
SLACK_API_URL = env.str("SLACK_API_URL", default="https://slack.com/api/").rstrip("/") + "/"
SLACK_BOT_TOKEN = env.str("SLACK_BOT_TOKEN", default="")
SLACK_SIGNING_SECRET = env.str("SLACK_SIGNING_SECRET", default="")
VAPID_PRIVATE_KEY = env.str("VAPID_PRIVATE_KEY", default="")
VAPID_SUBJECT = env.str("VAPID_SUBJECT", default="")
#: "allowed" lets addresses that people enter lead into private networks: for development only.
OUTBOUND_PRIVATE = env.str("OUTBOUND_PRIVATE", default="")

# The watchdog: who is mailed, past everything else, when pages do not get out; and who is told that they do.
WATCHDOG_TO: list[str] = env.list("WATCHDOG_TO", default=[])
WATCHDOG_AFTER = timedelta(seconds=env.int("WATCHDOG_AFTER_SECONDS", default=60))
WATCHDOG_AGAIN_AFTER = timedelta(minutes=30)
HEARTBEAT_URL = env.str("HEARTBEAT_URL", default="")

# The heads of the chain of seals leave the house (docs/audit.md): into a file, by mail, to webhooks.
AUDIT_HEADS_FILE = env.str("AUDIT_HEADS_FILE", default="")
AUDIT_HEADS_TO: list[str] = env.list("AUDIT_HEADS_TO", default=[])
AUDIT_HEADS_WEBHOOKS: list[str] = env.list("AUDIT_HEADS_WEBHOOKS", default=[])
AUDIT_HEADS_EVERY = timedelta(minutes=env.int("AUDIT_HEADS_EVERY_MINUTES", default=60))

# For how long what is of no more use is kept, 0: for ever (docs/privacy.md). The record is.
KEEP_ALERT_BODIES = timedelta(days=env.int("KEEP_ALERT_BODIES_DAYS", default=30))
KEEP_CHANGES = timedelta(days=env.int("KEEP_CHANGES_DAYS", default=400))
KEEP_MESSAGES = timedelta(days=env.int("KEEP_MESSAGES_DAYS", default=0))
KEEP_REPORTERS = timedelta(days=env.int("KEEP_REPORTERS_DAYS", default=90))
KEEP_HEALTH_RESULTS = timedelta(days=env.int("KEEP_HEALTH_RESULTS_DAYS", default=90))
KEEP_SIGN_INS = timedelta(days=env.int("KEEP_SIGN_INS_DAYS", default=90))
# Who was erased, by number, for whoever restores a backup (docs/privacy.md).
ERASED_FILE = env.str("ERASED_FILE", default="")

# Backups (docs/backups.md): where they lie, how often the house makes one by itself (0: never), how long they are kept.
BACKUP_DIR = env.str("BACKUP_DIR", default=str(DATA_DIR / "backups"))
BACKUP_EVERY = timedelta(hours=env.int("BACKUP_EVERY_HOURS", default=24))
BACKUP_KEEP = timedelta(days=env.int("BACKUP_KEEP_DAYS", default=14))

# The emergency page (docs/emergency.md): where it is kept, for every process of the web server to read; for how long a
# printed link opens it.
EMERGENCY_DIR = env.str("EMERGENCY_DIR", default=str(DATA_DIR / "emergency"))
EMERGENCY_LINK_LIFETIME = timedelta(days=env.int("EMERGENCY_LINK_DAYS", default=90))
#: Whether whoever comes by may report something at /report/; else whoever is signed in.
REPORTS_FROM_ANYBODY = env.bool("REPORTS_FROM_ANYBODY", default=False)

ACKNOWLEDGE_LINK_LIFETIME = timedelta(hours=24)

# The sandbox: what a development installation sends to, readable at /sandbox/ (never set in production).
SANDBOX_DIR = env.str("SANDBOX_DIR", default="")
SANDBOX_HTTP_URL = env.str("SANDBOX_HTTP_URL", default="").rstrip("/")
DEMO_PASSWORD = env.str("DEMO_PASSWORD", default="")

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "apps.teams.authentication.TokenAuthentication",
        "apps.teams.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["apps.teams.permissions.ScopedAndSignedIn"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["apps.core.parsers.StrictJSONParser"],
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_PAGINATION_CLASS": "apps.core.pagination.NewestFirst",
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "apps.core.problems.as_problem",
    "PAGE_SIZE": 50,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "ADO Incidents",
    "DESCRIPTION": "Incident response procedures, executable and audited.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SCHEMA_PATH_PREFIX": r"/api/v1",
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "apps.core.openapi.describe_every_operation",
        "apps.core.openapi.describe_local_times",
    ],
    "ENUM_NAME_OVERRIDES": {
        "AbsenceKind": "apps.rosters.models.AbsenceKind",
        "ActionItemKind": "apps.postmortems.models.ActionKind",
        "ActionItemStatus": "apps.postmortems.models.ActionStatus",
        "AlertStatus": "apps.alerts.models.AlertStatus",
        "CalendarFeedKind": "apps.rosters.models.FeedKind",
        "ComponentStatus": "apps.communications.models.ComponentStatus",
        "ContactMethodKind": "apps.contacts.models.MethodKind",
        "DeliveryState": "apps.notifications.models.DeliveryState",
        "HealthCheckKind": "apps.catalog.models.CheckKind",
        "ImprovementKind": "apps.postmortems.models.ImprovementKind",
        "IncidentStatus": "apps.incidents.models.Status",
        "LinkKind": "apps.catalog.models.LinkKind",
        "NotificationKind": "apps.notifications.models.NotificationKind",
        "ProviderStepState": "apps.integrations.models.StepState",
        "PublicImpact": "apps.communications.models.PublicImpact",
        "PublicStatus": "apps.communications.models.PublicStatus",
        "ReviewStatus": "apps.postmortems.models.ReviewStatus",
        "ShiftSource": "apps.rosters.models.ShiftSource",
        "TeamRole": "apps.teams.models.TeamRole",
        "TimelineEventKind": "apps.incidents.models.EventKind",
        "Weekday": "apps.rosters.models.Weekday",
    },
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
}

# Triggers are installed from the models after each migration, always as the code says and never a version behind.
PGTRIGGER_MIGRATIONS = False
PGTRIGGER_INSTALL_ON_MIGRATE = True

SIMPLE_HISTORY_HISTORY_CHANGE_REASON_USE_TEXT_FIELD = True
SIMPLE_HISTORY_ENABLED = True

UNFOLD = {
    "SITE_TITLE": "ADO Incidents",
    "SITE_HEADER": "ADO Incidents",
    "SITE_SUBHEADER": "Rosters, contacts and procedures",
    "SITE_URL": "/",
    "SITE_ICON": lambda _: static("ado/icon.svg"),
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": lambda _: static("ado/icon.svg")},
    ],
    "SCRIPTS": [lambda _: static("ado/typed.js")],
    "SHOW_HISTORY": True,
    "SHOW_VIEW_ON_SITE": True,
    # The tokens of static/ado/app.css (greys, accent) and what lies between them.
    "COLORS": {
        "base": {
            "50": "#f6f6f8", "100": "#ececf1", "200": "#e3e3e9", "300": "#c9cad3", "400": "#a3a6b3", "500": "#666976",
            "600": "#4a4d58", "700": "#33353f", "800": "#24262e", "900": "#16171c", "950": "#0e0f13",
        },
        "primary": {
            "50": "#f5f5fe", "100": "#ecebfc", "200": "#d9d8f9", "300": "#c0befc", "400": "#a5a3ff", "500": "#8a87f7",
            "600": "#4540c9", "700": "#3834a8", "800": "#302d8a", "900": "#2a2966", "950": "#25244a",
        },
    },
}  # fmt: skip

# Logs: one JSON object a line when a machine reads them, colours when a person does.
_renderer = structlog.dev.ConsoleRenderer() if sys.stderr.isatty() else structlog.processors.JSONRenderer()
_shared: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    without_tokens,
]
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "house": {
            "()": structlog.stdlib.ProcessorFormatter,
            "foreign_pre_chain": _shared,
            "processors": [
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                without_tokens,  # once more: by now what was raised is text too
                _renderer,
            ],
        }
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "house"}},
    "root": {"handlers": ["stderr"], "level": env.str("LOG_LEVEL", default="INFO")},
    "loggers": {"httpx": {"level": "WARNING"}},  # it writes down whole addresses: of webhooks, of private calendars
}
structlog.configure(
    processors=[*_shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
    logger_factory=structlog.stdlib.LoggerFactory(),
    cache_logger_on_first_use=True,
)
