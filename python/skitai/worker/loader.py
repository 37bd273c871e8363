"""Imports the app that LOAD names."""

from __future__ import annotations

import os
import sys
from importlib import import_module

from . import log, sources

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, List, Tuple

_CO_COROUTINE = 0x80  # inspect.CO_COROUTINE, without importing inspect


class LoadError(Exception):
    """The app cannot be had. The text is one line for a person; `traceback` may be empty."""

    def __init__(self, text: str, traceback: str = "") -> None:
        super().__init__(text)
        self.traceback = traceback


def load(directory: str, module: str, name: str) -> Tuple[Callable[..., Any], str]:
    """The app and the path of its module. `name` may end in `()`: a factory. Raises LoadError."""
    sys.path.insert(0, directory)
    if module.endswith(".py"):
        module = module[:-3]
    _, path = _candidates(directory, module)
    sys.argv[:] = [path]
    try:
        loaded = import_module(module)
    except ModuleNotFoundError as error:
        if error.name is not None and (module == error.name or module.startswith(error.name + ".")):
            if not any(os.path.exists(candidate) for candidate in _candidates(directory, module)):
                raise LoadError("there is no %s in %s" % (_file_name(module), directory)) from None
        raise LoadError(log.summary(error), log.traceback_text(error)) from None
    except SystemExit as error:
        raise LoadError("%s called exit(%s) while it was imported" % (module, error.code), log.traceback_text(error)) from None
    except BaseException as error:
        raise LoadError(log.summary(error), log.traceback_text(error)) from None
    path = getattr(loaded, "__file__", None) or path
    return _find(loaded, path, name), path


def to_watch(directory: str, module: str) -> List[sources.SourceFile]:
    """The files whose change may make a failed import succeed: what was loaded, and where the module could be."""
    root = directory.rstrip(os.sep) + os.sep
    watched = {file[0]: file for file in sources.files() if file[0].startswith(root)}
    for path in _candidates(directory, module[:-3] if module.endswith(".py") else module):
        watched.setdefault(path, sources.look(path))
    return list(watched.values())


def _file_name(module: str) -> str:
    return module.replace(".", os.sep) + ".py"


def _candidates(directory: str, module: str) -> Tuple[str, str]:
    return os.path.join(directory, module.replace(".", os.sep), "__init__.py"), os.path.join(directory, _file_name(module))


def _find(module: Any, path: str, name: str) -> Callable[..., Any]:
    factory = name.endswith("()")
    attribute = name[:-2] if factory else name
    app = module
    for part in attribute.split("."):
        try:
            app = getattr(app, part)
        except AttributeError:
            raise LoadError("%s has no '%s'%s" % (path, attribute, _instead(module))) from None
        except BaseException as error:
            raise LoadError(log.summary(error), log.traceback_text(error)) from None
    if factory:
        if not callable(app):
            raise LoadError("'%s' in %s is a factory by its '()', but %s is no function" % (name, path, _kind(app)))
        try:
            app = app()
        except BaseException as error:
            raise LoadError("%s failed: %s" % (name, log.summary(error)), log.traceback_text(error)) from None
    if not callable(app):
        what = "what '%s' returned" % name if factory else "'%s'" % name
        raise LoadError("%s in %s is %s, which is no WSGI app: it cannot be called" % (what, path, _kind(app)))
    if _is_coroutine(app):
        raise LoadError("'%s' in %s is an ASGI app; only WSGI apps can be served, ASGI comes later" % (name, path))
    return app  # type: ignore[no-any-return]


def _kind(value: Any) -> str:
    return "None" if value is None else "a " + type(value).__name__


def _instead(module: Any) -> str:
    own = [
        key for key, value in vars(module).items()
        if not key.startswith("_") and callable(value) and getattr(value, "__module__", None) in (module.__name__, None)
    ]
    usual = [key for key in ("app", "application", "wsgi", "wsgi_app", "create_app", "make_app") if hasattr(module, key)]
    names = usual or own[:5]
    return "; it has %s" % ", ".join("'%s'" % key for key in names) if names else ""


def _is_coroutine(app: Any) -> bool:
    seen = 0
    while hasattr(app, "func") and seen < 10:  # functools.partial
        app = app.func
        seen += 1
    for function in (app, getattr(type(app), "__call__", None)):
        code = getattr(getattr(function, "__func__", function), "__code__", None)
        if code is not None and code.co_flags & _CO_COROUTINE:
            return True
    return False
