"""`python -m localwaba` is `localwaba`."""

from localwaba.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
