# Django with its own users: `migrate` makes the schema, `authenticate` lets people in.
import json
import os
import sys
from urllib.parse import urlsplit

import django
from django.conf import settings

url = urlsplit(os.environ["DATABASE_URL"])
settings.configure(
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "HOST": url.hostname,
            "PORT": url.port,
            "NAME": url.path[1:],
            "USER": url.username,
            "PASSWORD": url.password or "",
        }
    },
    DEFAULT_AUTO_FIELD="django.db.models.AutoField",
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions"],
    SECRET_KEY="only for a database that is dropped after the test",
    USE_TZ=True,
)
django.setup()

from django.contrib.auth import authenticate, get_user_model  # noqa: E402
from django.contrib.auth.hashers import make_password  # noqa: E402
from django.core.management import call_command  # noqa: E402


def schema():
    call_command("migrate", verbosity=0)


def users(users):
    model = get_user_model()
    hashes = {}
    rows = []
    for user in users:
        address = model.objects.normalize_email(user["address"])
        password = user["password"]
        if password not in hashes:
            hashes[password] = make_password(password)
        rows.append(model(username=address, email=address, password=hashes[password]))
    model.objects.bulk_create(rows)
    return [row.email for row in rows]


def verify(address, password):
    return authenticate(username=address, password=password) is not None


calls = {"schema": schema, "users": users, "verify": verify}
for line in sys.stdin:
    values = json.loads(line)
    try:
        reply = {"value": calls[values.pop("call")](**values)}
    except Exception as error:
        reply = {"error": f"{type(error).__name__}: {error}"}
    print("reply " + json.dumps(reply), flush=True)
