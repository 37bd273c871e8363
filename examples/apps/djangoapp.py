"""A whole Django project in one file: settings, two views, a form with its CSRF check, the WSGI application."""

import os
import time

from django.conf import settings

settings.configure(
    # Fine for an example that keeps no sessions; a real project reads its key from the environment.
    SECRET_KEY=os.environ.get("DJANGO_SECRET_KEY") or os.urandom(32).hex(),
    ALLOWED_HOSTS=["127.0.0.1", "localhost", ".localhost", "[::1]"],
    ROOT_URLCONF=__name__,
    MIDDLEWARE=["django.middleware.common.CommonMiddleware", "django.middleware.csrf.CsrfViewMiddleware"],
    TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates"}],
    USE_TZ=True,
)

from django.core.wsgi import get_wsgi_application  # noqa: E402  (settings come first)
from django.http import HttpResponse, StreamingHttpResponse  # noqa: E402
from django.template import engines  # noqa: E402
from django.urls import path  # noqa: E402

PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Django on skitaid</title>
<h1>Django</h1>
<p>Hello, {{ name }}. This page is <code>{% url 'index' %}</code>.</p>
<form method="post">{% csrf_token %}<input name="name"> <button>Greet</button></form>
<p><a href="{% url 'stream' %}">A stream</a></p>
"""


def index(request):
    page = engines["django"].from_string(PAGE)
    return HttpResponse(page.render({"name": request.POST.get("name") or "World"}, request))


def stream(request):
    def lines():
        for n in range(1, 6):
            yield "line {}\n".format(n)
            time.sleep(0.05)

    return StreamingHttpResponse(lines(), content_type="text/plain")


urlpatterns = [path("", index, name="index"), path("stream", stream, name="stream")]
app = get_wsgi_application()
