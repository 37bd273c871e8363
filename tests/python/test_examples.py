"""The demo's apps keep to PEP 3333, and its pages link to what is there."""

import functools
import importlib.util
import io
import os
import re
import sys
import unittest
from typing import Any, Callable, Dict, List, Tuple
from wsgiref.util import setup_testing_defaults
from wsgiref.validate import validator

EXAMPLES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "examples")
DEMO_CONF = os.path.join(EXAMPLES, "etc", "servers-enabled", "demo.conf")
FRAMEWORKS_CONF = os.path.join(EXAMPLES, "etc", "servers-available", "frameworks.conf")


@functools.lru_cache(maxsize=None)  # Django can be configured only once in a process
def load(name: str) -> Callable:
    spec = importlib.util.spec_from_file_location("example_" + name, os.path.join(EXAMPLES, "apps", name + ".py"))
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module.app


def ask(app: Callable, path: str, method: str = "GET", body: bytes = b"", mount: str = "/m") -> Tuple[str, Dict[str, str], bytes]:
    environ: Dict[str, Any] = {}
    setup_testing_defaults(environ)
    environ.update(REQUEST_METHOD=method, SCRIPT_NAME=mount, PATH_INFO=path, QUERY_STRING="", REMOTE_ADDR="127.0.0.1",
                   HTTP_HOST="127.0.0.1:5000", CONTENT_LENGTH=str(len(body)))
    if body:
        environ["CONTENT_TYPE"] = "application/x-www-form-urlencoded"
    environ["wsgi.input"] = io.BytesIO(body)
    answer: List[Any] = []
    result = app(environ, lambda status, headers, exc_info=None: answer.extend((status, headers)) or (lambda data: None))
    try:
        data = b"".join(part if isinstance(part, bytes) else part.encode() for part in result)
    finally:
        if hasattr(result, "close"):
            result.close()
    return answer[0], dict(answer[1]), data


def mounts(conf: str) -> List[Tuple[str, str, str]]:
    """(host, path, absolute target) of each line of a conf's routes."""
    found, host, inside = [], "", False
    with open(conf, encoding="utf-8") as file:
        for line in (raw.strip() for raw in file):
            if line.startswith("["):
                inside = line == "[routes:line]"
            elif inside and line.startswith("@"):
                host = line[1:].strip()
            elif inside and "=" in line and line[0] not in ";#":
                path, target = (part.strip() for part in line.split("=", 1))
                found.append((host, path, os.path.normpath(os.path.join(os.path.dirname(conf), target))))
    return found


class Apps(unittest.TestCase):
    def test_each_app_passes_the_wsgi_validator(self) -> None:
        for name in ("hello", "environ", "trouble", "flaskapp", "bottleapp", "djangoapp"):
            with self.subTest(name):
                status, _, body = ask(validator(load(name)), "/")
                self.assertEqual(status, "200 OK")
                self.assertTrue(body)

    def test_the_sample_of_2016_yields_str(self) -> None:
        self.assertEqual(ask(load("sample2016"), "/")[2], b"Hello World\n")

    def test_environ_escapes_what_the_client_sent(self) -> None:
        _, _, body = ask(load("environ"), "/<script>alert(1)</script>")
        self.assertNotIn(b"<script>", body)

    def test_flask_builds_its_links_below_the_mount(self) -> None:
        app = load("flaskapp")
        self.assertIn(b'href="/shop/hello/Ada"', ask(app, "/", mount="/shop")[2])
        self.assertIn("Hello, Jörg.".encode(), ask(app, "/", "POST", b"name=J%C3%B6rg", mount="/shop")[2])

    def test_bottle_and_django_build_their_links_below_the_mount(self) -> None:
        self.assertIn(b'href="/shop/stream"', ask(load("bottleapp"), "/", mount="/shop")[2])
        self.assertIn(b'href="/shop/stream"', ask(load("djangoapp"), "/", mount="/shop")[2])

    def test_trouble_raises_only_when_asked_and_ends_its_process_only_by_post(self) -> None:
        app = load("trouble")
        with self.assertRaises(RuntimeError):
            ask(app, "/raise")
        status, headers, _ = ask(app, "/exit")
        self.assertEqual((status, headers["Allow"]), ("405 Method Not Allowed", "POST"))

    def test_the_broken_app_is_broken(self) -> None:
        with self.assertRaises(ModuleNotFoundError):
            load("broken")


class Confs(unittest.TestCase):
    def test_every_mount_has_its_directory_or_module(self) -> None:
        for conf in (DEMO_CONF, FRAMEWORKS_CONF):
            routes = mounts(conf)
            self.assertTrue(routes)
            for host, path, target in routes:
                with self.subTest(conf=os.path.basename(conf), mount=host + path):
                    module, colon, _ = target.rpartition(":")
                    self.assertTrue(os.path.isfile(module + ".py") if colon else os.path.isdir(target), target)

    def test_every_link_on_the_pages_leads_to_a_mount_or_a_file(self) -> None:
        routes = [(path, target) for host, path, target in mounts(DEMO_CONF) if not host]
        apps = [path for path, target in routes if ":" in target]
        checked = 0
        for base, root in [(path, target) for path, target in routes if ":" not in target]:
            for folder, _, names in os.walk(root):
                for name in (name for name in names if name.endswith(".html")):
                    with open(os.path.join(folder, name), encoding="utf-8") as file:
                        links = re.findall(r'(?:href|src)="([^"#:]+)"', file.read())
                    here = os.path.join(base, os.path.relpath(folder, root), "x")
                    for link in links:
                        if link == "nothing-here":  # the 404 that the page promises
                            continue
                        with self.subTest(page=os.path.join(folder, name), link=link):
                            path = os.path.normpath(os.path.join(os.path.dirname(here), link.partition("?")[0]))
                            self.assertTrue(self._leads_somewhere(path, apps, routes), path)
                            checked += 1
        self.assertGreater(checked, 60)

    @staticmethod
    def _leads_somewhere(path: str, apps: List[str], routes: List[Tuple[str, str]]) -> bool:
        if any(path == app or path.startswith(app + "/") for app in apps):
            return True
        return any(os.path.exists(os.path.join(target, os.path.relpath(path, base)))
                   for base, target in routes if ":" not in target and (path + "/").startswith(base.rstrip("/") + "/"))


if __name__ == "__main__":
    unittest.main()
