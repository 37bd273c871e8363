"""Finding and importing the app, and what is said when that fails."""

from __future__ import annotations

import json
import os
import unittest

from engine import FILES, WorkerTest

ECHO = """
    NAME = %r
    def app(environ, start_response):
        start_response("200 OK", [])
        return [NAME.encode()]
"""


class Loading(WorkerTest):
    def body(self, **options: object) -> bytes:
        engine = self.engine(**options)
        engine.ready()
        return engine.get().body

    def test_modules_packages_attributes_and_factories(self) -> None:
        self.write("plain.py", ECHO % "plain" + """
    class Site:
        wsgi = app
    site = Site
    def make():
        return app
    """)
        self.write("package/__init__.py", "from .inner import app\n")
        self.write("package/inner.py", ECHO % "inner")
        self.write("space/deep/mod.py", ECHO % "deep")
        for module, name, expected in (
            ("plain", "app", b"plain"), ("plain.py", "app", b"plain"), ("plain", "make()", b"plain"),
            ("plain", "site.wsgi", b"plain"), ("package", "app", b"inner"), ("package.inner", "app", b"inner"),
            ("space.deep.mod", "app", b"deep"),
        ):
            with self.subTest(module=module, name=name):
                self.assertEqual(self.body(module=module, callable=name), expected)

    def test_the_apps_directory_is_first_in_the_path_and_ours_is_not_in_it(self) -> None:
        engine = self.serve("""
            import json, os, sys
            import skitai
            import site_app as again
            marker = object()
            def app(environ, start_response):
                start_response("200 OK", [])
                return [json.dumps([sys.path, os.environ.get("PYTHONPATH"), again.marker is marker, __name__,
                                    os.getcwd(), sys.argv, skitai.in_worker]).encode()]
        """)
        path, pythonpath, same, name, cwd, argv, in_worker = json.loads(engine.get().body)
        self.assertEqual(path[0], self.directory)
        self.assertEqual(path.count(self.directory), 1)
        self.assertNotIn("", path)
        self.assertFalse([entry for entry in path if entry.endswith("/python") and os.path.isdir(entry + "/skitai")])
        self.assertIsNone(pythonpath)
        self.assertTrue(same, "the module imported by its own name is the same module")
        self.assertEqual((name, cwd, argv), ("site_app", self.directory, [self.directory + "/site_app.py"]))
        self.assertTrue(in_worker)

    def test_files_of_the_app_do_not_take_the_place_of_what_the_worker_needs(self) -> None:
        for name in ("skitai", "json", "threading", "ctypes", "faulthandler", "signal"):
            self.write(name + ".py", "raise RuntimeError('the wrong one')\n")
        self.assertEqual(self.serve(ECHO % "served").get().body, b"served")

    def test_the_users_own_pythonpath_stays(self) -> None:
        extra = os.path.join(self.directory, "extra")
        self.write("extra/helper.py", "WORD = 'helped'\n")
        self.write("app/site_app.py", "from helper import WORD as NAME\n" + "\n".join(
            line[4:] for line in (ECHO % "x").split("\n") if "NAME =" not in line))
        os.environ["PYTHONPATH"] = extra
        self.addCleanup(os.environ.pop, "PYTHONPATH", None)
        self.assertEqual(self.body(directory=os.path.join(self.directory, "app")), b"helped")

    def test_skitai_run_does_nothing_in_a_worker(self) -> None:
        self.assertEqual(self.serve(ECHO % "served" + "\n    import skitai\n    skitai.run(mount=('/', app))\n").get().body, b"served")

    def test_debug_and_use_reloader_are_reported(self) -> None:
        self.write("site_app.py", ECHO % "x" + "\n    app.debug = True\n    app.use_reloader = True\n")
        self.assertEqual(self.engine().ready(), {"kind": "wsgi", "debug": True, "use_reloader": True})


class Failing(WorkerTest):
    def fail_with(self, **options: object) -> dict:
        engine = self.engine(**options)
        failed = engine.failed()
        self.assertEqual(engine.wait_exit(), 1)
        self.assertNotIn("\n", failed["error"])
        for ours in ("loader.py", "startup.py", "importlib"):
            self.assertNotIn(ours, failed["traceback"])
        return failed

    def test_reasons_are_one_line_and_name_the_place(self) -> None:
        self.write("broken.py", "x = 1\ndef app(:\n    pass\n")
        self.write("needs.py", "import surely_not_there\n")
        self.write("raises.py", "def f():\n    return {}['key']\nf()\n")
        self.write("exits.py", "import sys\nsys.exit(7)\n")
        self.write("other.py", "application = lambda e, s: []\nnumber = 5\ndef bad(): raise ValueError('no')\ndef nothing(): pass\n")
        self.write("asgi.py", "async def app(scope, receive, send): pass\nclass A:\n    async def __call__(self, *a): pass\na = A()\n")
        for module, name, reason in (
            ("missing", "app", "there is no missing.py in " + self.directory),
            ("pkg.missing", "app", "there is no pkg/missing.py in " + self.directory),
            ("broken", "app", "%s/broken.py:2)" % self.directory),
            ("needs", "app", "ModuleNotFoundError: No module named 'surely_not_there'"),
            ("raises", "app", "KeyError: 'key'"),
            ("exits", "app", "exits called exit(7) while it was imported"),
            ("other", "app", "other.py has no 'app'; it has 'application'"),
            ("other", "number", "'number' in %s/other.py is a int, which is no WSGI app" % self.directory),
            ("other", "bad()", "bad() failed: ValueError: no"),
            ("other", "nothing()", "what 'nothing()' returned in %s/other.py is None" % self.directory),
            ("asgi", "app", "is an ASGI app"),
            ("asgi", "a", "is an ASGI app"),
        ):
            with self.subTest(module=module, name=name):
                self.assertIn(reason, self.fail_with(module=module, callable=name)["error"])

    def test_the_traceback_begins_in_the_app(self) -> None:
        self.write("site_app.py", "def f():\n    return {}['key']\nf()\n")
        lines = self.fail_with()["traceback"].split("\n")
        self.assertEqual(lines[0], "Traceback (most recent call last):")
        self.assertIn('site_app.py", line 3', lines[1])

    def test_the_files_to_watch_are_the_apps_own_and_the_missing_ones(self) -> None:
        app = self.write("site_app.py", "import json, part\n")
        part = self.write("part.py", "1 / 0\n")
        files = {path: (mtime, size) for path, mtime, size in self.fail_with()["files"]}
        self.assertEqual(files[app], (os.stat(app).st_mtime_ns, os.stat(app).st_size))
        self.assertEqual(files[part][1], 6)
        self.assertEqual(files[self.directory + "/site_app/__init__.py"], (0, -1))
        self.assertEqual(len(files), 3)

    def test_a_missing_module_is_watched_for(self) -> None:
        files = self.fail_with(module="later.on")["files"]
        self.assertEqual(sorted(files), [[self.directory + "/later/on.py", 0, -1], [self.directory + "/later/on/__init__.py", 0, -1]])


class Sources(WorkerTest):
    def test_loaded_files_are_reported_after_ready_and_when_more_are_imported(self) -> None:
        self.write("first.py", "")
        self.write("second.py", "x = 1\n")
        engine = self.serve("""
            import first, json
            def app(environ, start_response):
                if environ["PATH_INFO"] == "/more":
                    import second
                start_response("200 OK", [])
                return []
            app.use_reloader = True
        """)
        files = json.loads(engine.next_of(FILES).payload)
        self.assertEqual([os.path.basename(file[0]) for file in files], ["site_app.py", "first.py"])
        status = os.stat(os.path.join(self.directory, "first.py"))
        self.assertEqual(files[1][1:], [status.st_mtime_ns, status.st_size])
        engine.get("/more")
        import time
        deadline = time.monotonic() + 20
        while not engine.frames:
            self.assertLess(time.monotonic(), deadline)
            engine.get("/")
        self.assertEqual([os.path.basename(file[0]) for file in json.loads(engine.next_of(FILES).payload)], ["second.py"])

    def test_nothing_is_reported_unasked(self) -> None:
        engine = self.serve(ECHO % "x")
        engine.get()
        self.assertEqual(engine.frames, [])


if __name__ == "__main__":
    unittest.main()
