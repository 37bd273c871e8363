"""skitai.run(): the command it becomes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import unittest
from typing import List

from engine import ROOT, WorkerTest


class Run(WorkerTest):
    def run_script(self, text: str, **environment: str) -> "subprocess.CompletedProcess[str]":
        skitaid = self.write("bin/skitaid", "#!%s\nimport json, sys\nprint(json.dumps(sys.argv[1:]))\n" % sys.executable)
        os.chmod(skitaid, 0o755)
        self.write("site_app.py", "import skitai\ndef app(e, s): pass\nclass Other:\n    def __call__(self): pass\nother = Other()\n" + text)
        env = dict(os.environ, PYTHONPATH=ROOT, PATH=os.path.dirname(skitaid) + ":/usr/bin:/bin")
        env.pop("SKITAID", None)
        env.update(environment)
        return subprocess.run([sys.executable, os.path.join(self.directory, "site_app.py")], env=env, cwd="/",
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, universal_newlines=True, timeout=60)

    def arguments(self, call: str) -> List[str]:
        ran = self.run_script("skitai.run(%s)\nprint('not reached')\n" % call)
        self.assertEqual(ran.stderr, "")
        arguments = json.loads(ran.stdout)
        self.assertEqual((arguments[0], arguments[-2:]), ("run", ["--python", sys.executable]))
        return arguments[1:-2]

    def test_every_form_of_mount(self) -> None:
        here = self.directory
        app = here + "/site_app:app"
        for mount, expected in (
            ('("/", app)', ["/=" + app]),
            ('("/", "app")', ["/=" + app]),
            ('("/", other)', ["/=" + here + "/site_app:other"]),
            ('("/s", "static")', ["/s=" + here + "/static"]),
            ('("/", ("apps/shop.py", "application"))', ["/=" + here + "/apps/shop:application"]),
            ('("/", "/abs/shop:make()")', ["/=/abs/shop:make()"]),
            ('[("/", "static"), "/x = apps/shop", ("/", app)]', ["/=" + here + "/static", "/x=" + here + "/apps/shop", "/=" + app]),
            ('{"/": ["static", app], "/y": "other"}', ["/=" + here + "/static", "/=" + app, "/y=" + here + "/site_app:other"]),
        ):
            with self.subTest(mount):
                arguments = self.arguments("mount=" + mount)
                self.assertEqual(arguments[0::2], ["--mount"] * len(expected))
                self.assertEqual(arguments[1::2], expected)

    def test_the_other_keywords(self) -> None:
        arguments = self.arguments('mount=("/", app), address="127.0.0.2", port=0, threads=0, static_max_age=5, certfile="c.pem", '
                                   "clusters={}, proxy=False, keyfile=None")
        self.assertEqual(arguments[2:], ["--ip", "127.0.0.2", "--port", "0", "--threads", "0", "--static-max-age", "5",
                                         "--certfile", self.directory + "/c.pem"])

    def test_the_passphrase_goes_by_the_environment_not_the_command_line(self) -> None:
        self.write("bin/skitaid", "")
        ran = self.run_script(
            "import os\n"
            "def execve(path, arguments, environment): print(json.dumps([arguments, environment.get('SKITAID_PASSPHRASE')]))\n"
            "import json\nos.execve = execve\nskitai.run(mount=('/', app), passphrase='s3cret')\n")
        self.assertEqual(ran.stderr, "")
        arguments, passphrase = json.loads(ran.stdout)
        self.assertNotIn("s3cret", " ".join(arguments))
        self.assertEqual(passphrase, "s3cret")

    def test_mistakes_are_said_in_one_line(self) -> None:
        for call, reason in (
            ("", "ValueError: skitai.run: mount is missing"),
            ('mount=("/", app), prot=1', "TypeError: skitai.run: unknown keyword 'prot'; there are mount, address, port"),
            ('mount=("/", app), proxy=True', "ValueError: skitai.run: proxy: the forward proxy will come with a later version"),
            ('mount=("/", app), clusters={"@a": ("http", "b:80")}', "ValueError: skitai.run: clusters: clusters will come"),
            ('mount=("/", "@up")', "clusters will come with a later version"),
            ('mount=("/", lambda e, s: [])', "the app must be a global variable of"),
            ('mount=["/x"]', "not like 'PATH = TARGET'"),
            ('mount=["@ a.com"]', "virtual hosts need a conf file"),
            ("mount=7", "neither a pair, a list nor a dict"),
        ):
            with self.subTest(call):
                ran = self.run_script("skitai.run(%s)\n" % call)
                self.assertIn(reason, ran.stderr.strip().split("\n")[-1])

    def test_the_variable_goes_before_path_and_a_missing_daemon_is_said(self) -> None:
        ran = self.run_script('skitai.run(mount=("/", app))\n', SKITAID="/nowhere/skitaid")
        self.assertIn("RuntimeError: cannot start /nowhere/skitaid: No such file or directory", ran.stderr)

    def test_constants(self) -> None:
        ran = self.run_script("print(skitai.NAME, skitai.__version__, skitai.version_info, skitai.WS_GROUPCHAT, skitai.DB_SQLITE3)\n")
        self.assertEqual(ran.stdout, "skitaid/0.1.0 0.1.0 (0, 1, 0) 5 *sqlite3\n")


if __name__ == "__main__":
    unittest.main()
