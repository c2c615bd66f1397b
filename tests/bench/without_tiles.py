"""llama-cpp-python that leaves AMX's tiles alone, as `server/llm_session.py` does: compiled by GCC up to
12 it crashes in them. Run as a program, its own OpenAI-compatible server.
"""

import runpy
from typing import Any

import llama_cpp.llama_cpp as bindings


def leave_tiles() -> None:
    """Load every model from now on without them."""
    plain = bindings.llama_model_default_params

    def without() -> Any:
        how = plain()
        how.use_extra_bufts = False
        return how

    bindings.llama_model_default_params = without


if __name__ == "__main__":
    leave_tiles()
    runpy.run_module("llama_cpp.server", run_name="__main__")
