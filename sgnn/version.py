"""The version of the package, which what is kept on disk is marked with."""

__version__ = "0.1.0"
