"""`PYTHON .../skitai/worker/__main__.py LABEL`: the label is only for `ps`.

Started as a file: with `-m` the directory the worker starts in, the app's, would come first in sys.path, and its
`json.py` or `skitai.py` in place of the real one.
"""

import sys  # built in: no file can take its place

if __name__ == "__main__":
    _own = __file__.rpartition("/")[0]
    if not getattr(sys.flags, "safe_path", False):
        del sys.path[0]  # the directory of this file, put there by Python
    sys.path.insert(0, _own.rpartition("/")[0].rpartition("/")[0])
    from skitai.worker.startup import main

    del sys.path[0]  # not the app's business; what is imported later is found by the package's own path
    main()
