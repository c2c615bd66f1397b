"""A model on an OpenAI-compatible server: llama.cpp's, vLLM, Ollama, a hosted one.

The choice is put as a question with lettered answers. Where the server tells the probabilities of
the first token (`top_logprobs`), each letter's is known; else the letter it names counts alone.
https://platform.openai.com/docs/api-reference/chat/create
"""

import math
import re
import string
from collections.abc import Sequence
from typing import Any

import httpx2

from prompts.prompt import prompt as words
from server.llm import SENTENCES, Weighed, shortened, weighed
from tools.errors import ModelUnavailable
from tools.plain import one_line

_PATIENCE = 120.0
_TIMEOUT = httpx2.Timeout(_PATIENCE, connect=5.0)
LETTERS = string.ascii_uppercase + string.ascii_lowercase
_TOP = 20
_TELLS_NOT = {400, 422, 500, 501}
_NAMED = math.log(0.9)
"""What the bare naming of a letter is worth."""
_UNSEEN = 2.0
"""How much less likely than the last letter told one is that was not told."""
_LETTER = re.compile(r"\b([A-Za-z])\b")


class RemoteModel:
    """A model that a server runs, by its URL up to and with `/v1`."""

    def __init__(self, url: str, model: str, token: str | None = None) -> None:
        self._url = url.rstrip("/")
        self._model = model
        self._headers = {"authorization": f"Bearer {token}"} if token else {}
        self._tells = True

    @property
    def name(self) -> str:
        """The model and its server."""
        return f"{self._model or 'the model'} at {self._url}"

    async def weigh(self, prompt: str, texts: Sequence[str], priors: Sequence[float]) -> Weighed:
        """What the model thinks of each text as its answer to `prompt` (see prompts/asked.py).

        Of more texts than there are letters those with the best priors are asked about.

        Raises:
            ModelUnavailable: when the server is away, refuses, or answers with none of the letters.
        """
        order = sorted(range(len(texts)), key=lambda i: -priors[i])[: len(LETTERS)]
        asked, shown = shortened(prompt, [texts[i] for i in order])
        answer = await self._answer(_question(asked, shown))
        told = letter_logs(answer, len(order))
        if told is None:
            said = one_line(str(_content(answer)), 80)
            raise ModelUnavailable(f"{self.name} answered {said!r}, no letter of the choices", 0)
        logs = [min(told) - _UNSEEN] * len(texts)
        for place, log in zip(order, told, strict=True):
            logs[place] = log
        return weighed(texts, logs, priors)

    async def parameters(self) -> float | None:
        """None: no server says."""
        return None

    async def complete(self, prompt: str) -> str:
        """What the model answers to a text, a few sentences at most. Raises ModelUnavailable."""
        return _content(_first(await self._checked(self._body(prompt, SENTENCES)), self._url))

    def close(self) -> None:
        """Nothing is held between questions."""

    async def _answer(self, question: str) -> dict[str, Any]:
        body = self._body(question, 8)
        if self._tells:
            response = await self._post(body | {"logprobs": True, "top_logprobs": _TOP})
            if response.status_code not in _TELLS_NOT:
                self._check(response)
                return _first(response, self._url)
        answered = await self._checked(body)
        self._tells = False  # it answers when it need not tell probabilities, so it cannot
        return _first(answered, self._url)

    def _body(self, text: str, most: int) -> dict[str, Any]:
        messages = [{"role": "user", "content": text}]
        return {"model": self._model, "messages": messages, "temperature": 0, "max_tokens": most}

    async def _checked(self, body: dict[str, Any]) -> httpx2.Response:
        response = await self._post(body)
        self._check(response)
        return response

    async def _post(self, body: dict[str, Any]) -> httpx2.Response:
        try:
            async with httpx2.AsyncClient(headers=self._headers, timeout=_TIMEOUT) as client:
                return await client.post(f"{self._url}/chat/completions", json=body)
        except httpx2.ReadTimeout as error:
            raise ModelUnavailable(f"{self.name} took more than {_PATIENCE:.0f} s", 5) from error
        except (httpx2.TransportError, httpx2.InvalidURL) as error:
            why = str(error) or type(error).__name__
            raise ModelUnavailable(f"the model server {self._url} is away: {why}", 5) from error

    def _check(self, response: httpx2.Response) -> None:
        status = response.status_code
        if status < 400:
            return
        if status in {401, 403}:
            raise ModelUnavailable(f"{self._url} refuses DEVMESH_LLM_TOKEN", 0)
        said = one_line(response.text, 200)
        passing = status == 429 or status >= 500
        raise ModelUnavailable(f"{self.name} answered {status}: {said}", 10 if passing else 0)


def _first(response: httpx2.Response, url: str) -> dict[str, Any]:
    """The answer in a response. Raises ModelUnavailable when there is none."""
    try:
        answer: dict[str, Any] = response.json()["choices"][0]
    except (ValueError, LookupError, TypeError) as error:
        said = one_line(response.text, 200)
        raise ModelUnavailable(f"{url} is no model server; it says {said!r}", 0) from error
    return answer


def _question(asked: str, texts: Sequence[str]) -> str:
    choices = "\n".join(f"{letter}) {text}" for letter, text in zip(LETTERS, texts, strict=False))
    return words("choose", tools=words("tools"), choices=choices, asked=asked)


def letter_logs(answer: dict[str, Any], count: int) -> list[float] | None:
    """The log-probability of each of the first `count` letters; None when it names none of them."""
    allowed = LETTERS[:count]
    told = _top(answer)
    found = [told.get(letter) for letter in allowed]
    known = [log for log in found if log is not None]
    if known:
        least = min(known) - _UNSEEN
        return [least if log is None else log for log in found]
    named = [letter for letter in _LETTER.findall(_content(answer)) if letter in allowed]
    if not named:
        return None
    rest = math.log((1 - math.exp(_NAMED)) / max(1, count - 1))
    return [_NAMED if letter == named[0] else rest for letter in allowed]


def _content(answer: dict[str, Any]) -> str:
    message = answer.get("message")
    return str(message.get("content") or "") if isinstance(message, dict) else ""


def _top(answer: dict[str, Any]) -> dict[str, float]:
    """Log-probabilities of the first token's alternatives, by their text without spaces."""
    try:
        alternatives = answer["logprobs"]["content"][0]["top_logprobs"]
        told: dict[str, float] = {}
        for one in alternatives:
            letter, log = str(one["token"]).strip(" )."), float(one["logprob"])
            told[letter] = max(told.get(letter, log), log)
    except (LookupError, TypeError, ValueError, AttributeError):
        return {}
    return told
