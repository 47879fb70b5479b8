"""`python -m quaestor` is the program `quaestor`."""

from quaestor.cli.main import main

if __name__ == "__main__":
    main()
