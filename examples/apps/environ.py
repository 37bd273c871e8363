"""Shows the request as the app sees it: the WSGI environ as a table. For a demo only: never mount this in public."""

import html

PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>environ</title>
<link rel="stylesheet" href="/style.css">
<main class="plain">
<p><a href="/">&larr; demo</a></p>
<h1>What the app sees</h1>
<p>Try <a href="{script}/some/path?a=1&amp;b=two%20words">another path and a query</a>.</p>
<div class="wide"><table>
{rows}
</table></div>
</main>
"""


def app(environ, start_response):
    rows = "\n".join(
        "<tr><th>{}</th><td><code>{}</code></td></tr>".format(html.escape(key), html.escape(repr(environ[key])))
        for key in sorted(environ)
    )
    body = PAGE.format(script=html.escape(environ["SCRIPT_NAME"]), rows=rows).encode()
    start_response("200 OK", [
        ("Content-Type", "text/html; charset=utf-8"),
        ("Content-Length", str(len(body))),
        ("Cache-Control", "no-store"),
    ])
    return [body]
