"""skitai: what an app may import from the daemon that serves it."""

from __future__ import annotations

version_info = (0, 1, 0)
__version__ = "0.1.0"

#: True inside an app worker, where run() does nothing: the app is being served already.
in_worker = False
