"""Values of a document as the runtime writes them into text (memory.md §3)."""

from __future__ import annotations

from typing import Any


def number(value: float) -> str:
    """A finite float as the runtime prints it: `2.0`, `0.00001`, `1e-6`, `1e+16`; shortest digits that read back."""
    if value == 0:
        return "-0.0" if str(value).startswith("-") else "0.0"
    sign = "-" if value < 0 else ""
    mantissa, _, power = repr(abs(value)).partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).lstrip("0")
    point = len(whole) + int(power or 0) - (len(whole + fraction) - len(digits))
    digits = digits.rstrip("0")
    exponent = point - 1
    if not -5 <= exponent <= 15:
        tail = f".{digits[1:]}" if len(digits) > 1 else ""
        return f"{sign}{digits[0]}{tail}e{exponent:+d}"
    if point <= 0:
        return f"{sign}0.{'0' * -point}{digits}"
    return f"{sign}{digits[:point].ljust(point, '0')}.{digits[point:] or '0'}"


def shown(value: Any) -> str:
    """A plain value as text: strings raw, `[a, b]`, `{k: v}`, in the order of the value's own keys."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return number(value) if value - value == 0 else str(value)
    if isinstance(value, list):
        return f"[{', '.join(map(shown, value))}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key}: {shown(item)}' for key, item in value.items())}}}"
    if isinstance(value, bytes):
        return f"<{len(value)} bytes: {value.hex()}>"
    return str(value)


def lines(text: str) -> list[str]:
    r"""The lines of a text as Rust splits them: on `\n`, with one `\r` before it removed, no empty last line."""
    found = text.split("\n")
    last = found.pop()
    split = [line.removesuffix("\r") for line in found]
    return [*split, last] if last else split
