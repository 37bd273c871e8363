"""skitai.run(): from keywords to the command `skitaid run`.

`mount` (required) is one `(PATH, TARGET)`, a list of such pairs and of lines `"PATH = TARGET"`, or a dict
`{PATH: TARGET}` (or `{PATH: [TARGET, ...]}`). A TARGET is

- the app object itself, or its name: something callable in the running script;
- `(FILE, NAME)`: the app NAME in the file FILE;
- `"dir/module:name"` or `"dir/module"` (name `app`): an app;
- `"dir"`: a directory of static files.

Relative paths count from the script's directory. The other keywords: `address` ("127.0.0.1"), `port` (5000), `threads`
(4; 0 is one request at a time), `processes` (1), `static_max_age` (300 seconds), `certfile`, `keyfile`, `passphrase`.
"""

from __future__ import annotations

import os
import shutil
import sys
from typing import Any, Dict, Iterator, List, Mapping, NoReturn, Tuple

_OPTIONS = {
    "address": "--ip", "port": "--port", "threads": "--threads", "processes": "--processes",
    "static_max_age": "--static-max-age", "certfile": "--certfile", "keyfile": "--keyfile",
}
_PASSPHRASE = "SKITAID_PASSPHRASE"  # by the environment: everybody can read a command line
_LATER = {
    "clusters": "clusters", "proxy": "the forward proxy", "enable_gw": "the API gateway", "gw_auth": "the API gateway",
    "gw_realm": "the API gateway", "gw_secret_key": "the API gateway",
}


def execute(conf: Mapping[str, Any]) -> NoReturn:
    """Becomes `skitaid run`. Raises ValueError or TypeError for what is wrong with the keywords, RuntimeError if there is
    no skitaid to be found."""
    command = [_find_skitaid(), "run", *arguments(conf)]
    environment = dict(os.environ)
    if conf.get("passphrase") is not None:
        environment[_PASSPHRASE] = str(conf["passphrase"])
    sys.stdout.flush()
    sys.stderr.flush()
    try:
        os.execve(command[0], command, environment)
    except OSError as error:
        raise RuntimeError("cannot start %s: %s" % (command[0], error.strerror)) from None


def arguments(conf: Mapping[str, Any]) -> List[str]:
    """What follows `skitaid run`."""
    for key, value in conf.items():
        if key in _LATER:
            if value:
                raise ValueError("skitai.run: %s: %s will come with a later version" % (key, _LATER[key]))
        elif key not in ("mount", "passphrase") and key not in _OPTIONS:
            raise TypeError("skitai.run: unknown keyword %r; there are mount, %s, passphrase" % (key, ", ".join(_OPTIONS)))
    if not conf.get("mount"):
        raise ValueError('skitai.run: mount is missing, for example mount=("/", app)')
    script = _script()
    result = []
    for path, target in _mounts(conf["mount"]):
        result += ["--mount", "%s=%s" % (path, _target(target, script))]
    for key, option in _OPTIONS.items():
        value = conf.get(key)
        if value is not None:
            if key in ("certfile", "keyfile"):
                value = os.path.join(os.path.dirname(script), os.fspath(value))
            result += [option, str(value)]
    return result + ["--python", sys.executable]


def _script() -> str:
    """The running script."""
    file = getattr(sys.modules["__main__"], "__file__", None)
    return os.path.abspath(file or os.path.join(os.getcwd(), "__main__.py"))


def _mounts(mount: Any) -> Iterator[Tuple[str, Any]]:
    if isinstance(mount, Mapping):
        for path, targets in mount.items():
            for target in targets if isinstance(targets, list) else [targets]:
                yield _checked(path), target
    elif isinstance(mount, str):
        yield _line(mount)
    elif _is_pair(mount):
        yield mount
    elif isinstance(mount, (list, tuple)):
        for entry in mount:
            if isinstance(entry, str):
                yield _line(entry)
            elif _is_pair(entry):
                yield entry
            else:
                raise ValueError("skitai.run: mount: not a pair of path and target: %r" % (entry,))
    else:
        raise ValueError("skitai.run: mount: neither a pair, a list nor a dict: %r" % (mount,))


def _is_pair(entry: Any) -> bool:
    return isinstance(entry, tuple) and len(entry) == 2 and isinstance(entry[0], str) and entry[0].startswith("/")


def _line(line: str) -> Tuple[str, str]:
    path, equals, target = line.partition("=")
    if path.lstrip().startswith("@"):
        raise ValueError("skitai.run: mount: virtual hosts need a conf file: %r" % line)
    if not equals or not target.strip():
        raise ValueError("skitai.run: mount: not like 'PATH = TARGET': %r" % line)
    return _checked(path.strip()), target.strip()


def _checked(path: Any) -> str:
    if not isinstance(path, str) or not path.startswith("/"):
        raise ValueError("skitai.run: mount: a path begins with '/': %r" % (path,))
    return path


def _target(target: Any, script: str) -> str:
    directory = os.path.dirname(script)
    own: Dict[str, Any] = vars(sys.modules["__main__"])
    if isinstance(target, tuple):
        if len(target) != 2 or not all(isinstance(part, (str, os.PathLike)) for part in target):
            raise ValueError("skitai.run: mount: a target in brackets is (file, name): %r" % (target,))
        return "%s:%s" % (_without_suffix(os.path.join(directory, os.fspath(target[0]))), target[1])
    if isinstance(target, (str, os.PathLike)):
        text = os.fspath(target)
        if text.startswith("@"):
            raise ValueError("skitai.run: mount: %s: clusters will come with a later version" % text)
        if text.isidentifier() and callable(own.get(text)):
            return "%s:%s" % (_without_suffix(script), text)
        return os.path.join(directory, text)
    if not callable(target):
        raise ValueError("skitai.run: mount: neither an app nor a path: %r" % (target,))
    for name, value in own.items():
        if value is target:
            return "%s:%s" % (_without_suffix(script), name)
    raise ValueError("skitai.run: mount: the app must be a global variable of %s, so that its workers find it" % script)


def _without_suffix(path: str) -> str:
    return path[:-3] if path.endswith(".py") else path


def _find_skitaid() -> str:
    named = os.environ.get("SKITAID")
    if named:
        return named
    found = shutil.which("skitaid")
    if found:
        return found
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    launcher = os.path.join(root, "skitaid")
    if os.access(launcher, os.X_OK) and os.path.isfile(launcher):
        return launcher
    raise RuntimeError("skitai.run: skitaid was not found: put it into PATH, or its place into SKITAID")
