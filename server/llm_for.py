"""The language model that the settings name."""

from server.llm import LocalModel, Model
from server.llm_remote import RemoteModel
from server.settings import ServerSettings


def model_for(settings: ServerSettings) -> Model:
    """A server's by URL, else a GGUF file's, else the packaged one."""
    if settings.llm_url:
        token = settings.llm_token.get_secret_value() if settings.llm_token else None
        return RemoteModel(settings.llm_url, settings.llm_model, token)
    return LocalModel(settings.model, settings.state_dir / "models")
