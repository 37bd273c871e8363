"""The site of the framework tests: a Django project in one file, with what a project has that is in production."""

import hashlib
import os
import threading

from django.conf import settings

settings.configure(
    DEBUG=False,
    SECRET_KEY=os.urandom(32).hex(),
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF=__name__,
    MIDDLEWARE=["django.middleware.common.CommonMiddleware"],
    USE_TZ=True,
    # Without it Django sends what views raise by mail only.
    LOGGING={
        "version": 1,
        "disable_existing_loggers": False,
        "handlers": {"stderr": {"class": "logging.StreamHandler"}},
        "loggers": {"django": {"handlers": ["stderr"]}},
    },
)

from django.core.wsgi import get_wsgi_application  # noqa: E402  (settings come first)
from django.http import HttpResponse, JsonResponse, StreamingHttpResponse  # noqa: E402
from django.shortcuts import redirect  # noqa: E402
from django.urls import path, reverse  # noqa: E402
from django.views.decorators.http import require_POST  # noqa: E402

gate = threading.Event()


@require_POST
def form(request):
    return JsonResponse({"name": request.POST["name"], "tags": request.POST.getlist("tag")})


@require_POST
def upload(request):
    file = request.FILES["file"]
    digest = hashlib.sha256()
    for block in file.chunks():
        digest.update(block)
    return JsonResponse({"filename": file.name, "note": request.POST["note"], "size": file.size, "sha256": digest.hexdigest()})


def set_cookies(request):
    answer = HttpResponse("set", content_type="text/plain")
    answer.set_cookie("first", "one two", path=reverse("root"), httponly=True)
    answer.set_cookie("second", "2")
    return answer


def get_cookies(request):
    return JsonResponse(request.COOKIES)


def root(request):
    return HttpResponse("root")


def go(request):
    return redirect(reverse("landed", args=[7]) + "?from=go")


def landed(request, number):
    return HttpResponse("landed {} from {}".format(number, request.GET.get("from")))


def slashed(request):
    return HttpResponse("slashed")


def stream(request):
    def lines():
        yield "first\n"
        yield "last\n" if gate.wait(60) else "nobody opened the gate\n"

    gate.clear()
    return StreamingHttpResponse(lines(), content_type="text/plain")


@require_POST
def open_gate(request):
    gate.set()
    return HttpResponse("open")


def numbers(request):
    return JsonResponse({"squares": [n * n for n in range(5)], "text": "größer", "nothing": None})


def fault(request):
    raise RuntimeError("on purpose " + request.GET["token"])


def cafe(request, word):
    return JsonResponse({"word": word, "q": request.GET["q"], "self": reverse("cafe", args=[word])})


urlpatterns = [
    path("", root, name="root"),
    path("form", form),
    path("upload", upload),
    path("cookies/set", set_cookies),
    path("cookies/get", get_cookies),
    path("go", go),
    path("landed/<int:number>", landed, name="landed"),
    path("slashed/", slashed),
    path("stream", stream),
    path("stream/open", open_gate),
    path("json", numbers),
    path("raise", fault),
    path("café/<word>", cafe, name="cafe"),
]
app = get_wsgi_application()
