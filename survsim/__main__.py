"""`python -m survsim` is the command `survsim`."""

from survsim.cli.start import run

if __name__ == "__main__":
    run()
