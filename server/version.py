"""The version, as doors tell it."""

from importlib.metadata import version

VERSION = version("devmesh")
