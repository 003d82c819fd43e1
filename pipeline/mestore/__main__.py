"""python -m mestore."""

from mestore.cli import main

if __name__ == "__main__":
    main()
