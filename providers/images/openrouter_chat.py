"""Pictures through a chat completion: what is asked, and where the picture, the refusal or the error stands in the answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from providers.contract import ProviderConfig, RenderedImage
from providers.failures import error_from
from providers.http import secrets_of
from providers.images.cloud_errors import bad_answer, refused, wordy_refusal
from providers.images.gemini_answers import REFUSALS
from providers.images.results import fetched


def message(prompt: str, pictures: Sequence[str]) -> dict[str, Any]:
    """The one user message: words, then references in order."""
    parts: list[dict[str, Any]] = [{"type": "text", "text": prompt}]
    parts.extend({"type": "image_url", "image_url": {"url": url}} for url in pictures)
    return {"role": "user", "content": parts}


async def picture_in(config: ProviderConfig, answer: Any) -> RenderedImage:
    """The first picture of the answer.

    Raises ``ProviderError``: what an error inside the answer means, REFUSED when the model answered in words instead.
    """
    if not isinstance(answer, Mapping):
        raise bad_answer(config.name, "the completion is no object")
    choices = answer.get("choices")
    choice = choices[0] if isinstance(choices, list) and choices and isinstance(choices[0], Mapping) else {}
    for holder in (answer, choice):
        if isinstance(holder.get("error"), Mapping):
            raise error_from(config.name, {"error": holder["error"]}, secrets=secrets_of(config))
    said = choice.get("message")
    said = said if isinstance(said, Mapping) else {}
    images = said.get("images")
    for entry in images if isinstance(images, list) else ():
        place = entry.get("image_url") if isinstance(entry, Mapping) else None
        url = place.get("url") if isinstance(place, Mapping) else None
        if isinstance(url, str) and url:
            return await fetched(config, url)
    words = said.get("refusal") or _text_of(said.get("content"))
    native = str(choice.get("native_finish_reason") or "")
    if choice.get("finish_reason") == "content_filter" or native.upper() in REFUSALS:
        raise refused(config.name, f"finish_reason {choice.get('finish_reason')}, {native or 'no reason of its own'}"[:160])
    if isinstance(words, str) and words.strip():
        raise wordy_refusal(config, words)
    raise bad_answer(config.name, "no picture and no words in the completion", "There was no picture in it.")


def _text_of(content: Any) -> Any:
    """The words of a message, which come as one text or in parts."""
    if not isinstance(content, list):
        return content
    return " ".join(str(part["text"]) for part in content if isinstance(part, Mapping) and part.get("text"))
