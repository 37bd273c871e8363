"""`python -m skitai.worker LABEL`: the label is only for `ps`."""

from .startup import main

if __name__ == "__main__":
    main()
