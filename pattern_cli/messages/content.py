"""What a message says: every variant of `content_json` as typed parts (database.md §5.7).

Shapes of other programs (Letta stores a text or a list of `{"type": "text"}`) are read as far as they go; what has no
meaning here is kept as stored and named in `damage`, since the runtime cannot read such a row (D3).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

KINDS = {
    "Text": "text",
    "Parts": "parts",
    "ToolCalls": "tool_calls",
    "ToolResponses": "tool_responses",
    "Blocks": "blocks",
}
FOREIGN = "foreign"
UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Text:
    """Plain text."""

    text: str


@dataclass(frozen=True, slots=True)
class Image:
    """An image: its media type, and its size in bytes where it is stored inside, else its address."""

    media_type: str
    size: int | None
    url: str | None


@dataclass(frozen=True, slots=True)
class Thinking:
    """What the model thought before it answered."""

    text: str


@dataclass(frozen=True, slots=True)
class RedactedThinking:
    """Thoughts that the provider encrypted: only their length in characters is known."""

    length: int


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A tool that the agent calls; `arguments` is any JSON value."""

    call_id: str
    name: str
    arguments: Any


@dataclass(frozen=True, slots=True)
class ToolResponse:
    """What a tool answered to the call of that id."""

    call_id: str
    text: str
    is_error: bool


@dataclass(frozen=True, slots=True)
class Stored:
    """Something that no reader of messages knows, as it is stored."""

    value: Any


Part = Text | Image | Thinking | RedactedThinking | ToolCall | ToolResponse | Stored


@dataclass(frozen=True, slots=True)
class Content:
    """A message's content: its kind (one of `KINDS`' values, `foreign`, `unknown`), its parts in order, what is odd."""

    kind: str
    parts: tuple[Part, ...]
    damage: tuple[str, ...]

    @property
    def text(self) -> str:
        """All of it as readable text: one part a line, other things than text named in brackets."""
        return "\n".join(map(words, self.parts))

    @property
    def tools(self) -> tuple[ToolCall | ToolResponse, ...]:
        """The calls of tools and their answers in it, in order."""
        return tuple(part for part in self.parts if isinstance(part, ToolCall | ToolResponse))

    @property
    def calls(self) -> tuple[ToolCall, ...]:
        """The tools it calls."""
        return tuple(part for part in self.parts if isinstance(part, ToolCall))

    @property
    def responses(self) -> tuple[ToolResponse, ...]:
        """The answers of tools it holds."""
        return tuple(part for part in self.parts if isinstance(part, ToolResponse))


class _Odd(Exception):
    """A part that has not the shape it should have; it says which."""


def read(value: Any) -> Content:
    """The content in a decoded `content_json`; never raises."""
    if isinstance(value, dict) and len(value) == 1:
        ((tag, inner),) = value.items()
        if tag == "Text" and isinstance(inner, str):
            return Content("text", (Text(inner),), ())
        if tag in _ITEMS and isinstance(inner, list):
            return _items(KINDS[tag], inner, _ITEMS[tag])
    if isinstance(value, str):
        return Content(FOREIGN, (Text(value),), ("content_json: a bare text, which the runtime cannot read",))
    if isinstance(value, list):
        return Content(
            FOREIGN,
            tuple(map(_foreign, value)),
            ("content_json: a list of another program's parts, which the runtime cannot read",),
        )
    return Content(UNKNOWN, (Stored(value),), ("content_json: not a message's content",))


def _items(kind: str, items: list[Any], reader: Callable[[Any], Part]) -> Content:
    parts: list[Part] = []
    damage: list[str] = []
    for number, item in enumerate(items, 1):
        try:
            parts.append(reader(item))
        except _Odd as odd:
            parts.append(Stored(item))
            damage.append(f"content_json: item {number} is {odd}")
    return Content(kind, tuple(parts), tuple(damage))


def _tagged(item: Any, what: str) -> tuple[str, Any]:
    if not isinstance(item, dict) or len(item) != 1:
        raise _Odd(f"no {what}")
    ((tag, inner),) = item.items()
    return tag, inner


def _field(item: Any, name: str, what: str) -> str:
    value = item.get(name) if isinstance(item, dict) else None
    if not isinstance(value, str):
        raise _Odd(f"{what} without {name}")
    return value


def _part(item: Any) -> Part:
    tag, inner = _tagged(item, "part")
    if tag == "Text" and isinstance(inner, str):
        return Text(inner)
    if tag == "Image" and isinstance(inner, dict):
        media_type = _field(inner, "content_type", "an image")
        where, data = _tagged(inner.get("source"), "image with a source")
        if where == "Base64" and isinstance(data, str):
            return Image(media_type, base64_size(data), None)
        if where == "Url" and isinstance(data, str):
            return Image(media_type, None, data)
    raise _Odd("no part that the runtime knows")


def _call(item: Any) -> Part:
    if not isinstance(item, dict) or "fn_arguments" not in item:
        raise _Odd("a tool call without fn_arguments")
    return ToolCall(
        _field(item, "call_id", "a tool call"), _field(item, "fn_name", "a tool call"), item["fn_arguments"]
    )


def _response(item: Any) -> Part:
    return _answer(item, "call_id", "a tool response")


def _answer(item: Any, id_name: str, what: str) -> ToolResponse:
    call_id, text = _field(item, id_name, what), _field(item, "content", what)
    is_error = item.get("is_error")
    if is_error is not None and not isinstance(is_error, bool):
        raise _Odd(f"{what} whose is_error is no truth value")
    return ToolResponse(call_id, text, bool(is_error))


def _block(item: Any) -> Part:
    tag, inner = _tagged(item, "block")
    if tag == "Text":
        return Text(_field(inner, "text", "a text block"))
    if tag == "Thinking":
        return Thinking(_field(inner, "text", "a thinking block"))
    if tag == "RedactedThinking":
        return RedactedThinking(len(_field(inner, "data", "a redacted block")))
    if tag == "ToolUse":
        name, call_id = _field(inner, "name", "a tool use"), _field(inner, "id", "a tool use")
        if "input" not in inner:
            raise _Odd("a tool use without input")
        return ToolCall(call_id, name, inner["input"])
    if tag == "ToolResult":
        return _answer(inner, "tool_use_id", "a tool result")
    raise _Odd("no block that the runtime knows")


_ITEMS: dict[str, Callable[[Any], Part]] = {
    "Parts": _part,
    "ToolCalls": _call,
    "ToolResponses": _response,
    "Blocks": _block,
}


def _foreign(item: Any) -> Part:
    if isinstance(item, str):
        return Text(item)
    if isinstance(item, dict) and item.get("type") == "text" and isinstance(item.get("text"), str):
        return Text(item["text"])
    return Stored(item)


def base64_size(data: str) -> int:
    """The number of bytes that a Base64 text stands for, without decoding it."""
    return len("".join(data.split()).rstrip("=")) * 3 // 4


def words(part: Part) -> str:
    """A part as readable text."""
    if isinstance(part, Text):
        return part.text
    if isinstance(part, Thinking):
        return f"[thinking] {part.text}"
    if isinstance(part, ToolCall):
        return f"[calls {part.name}] {json_words(part.arguments)}"
    if isinstance(part, ToolResponse):
        return f"[{'error' if part.is_error else 'result'}] {part.text}"
    if isinstance(part, Image):
        return f"[image {part.media_type}, {part.url if part.size is None else f'{part.size} bytes'}]"
    if isinstance(part, RedactedThinking):
        return f"[redacted thinking, {part.length} characters]"
    return part.value if isinstance(part.value, str) else json_words(part.value)


def json_words(value: Any) -> str:
    """A JSON value on one line, integers exact."""
    import json

    return json.dumps(value, ensure_ascii=False, separators=(", ", ": "))
