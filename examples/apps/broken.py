"""An app that cannot be imported: its mount answers 503, app.log says why, everything else goes on.

Make the name right, save, and the mount comes to life without a restart.
"""

import a_module_that_nobody_has


def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [a_module_that_nobody_has.__name__.encode()]
