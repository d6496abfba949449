"""`python -m survsim` is the command `survsim`."""

from survsim.cli.main import run

if __name__ == "__main__":
    run()
