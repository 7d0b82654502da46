"""Field types of the runtime's tables: typed values in Python, the runtime's exact spellings in the file.

Reading never raises. A value that cannot be decoded stays as it is stored, as an `AsStored` of its own type that
knows why; `models.base.damage` lists the reasons of a row, and writing it back writes the same bytes.
Writing checks: what the runtime could not read raises UsageError.
"""

from __future__ import annotations

from typing import Any

from peewee import SQL, Field, ForeignKeyField

from pattern_cli.errors import UsageError
from pattern_cli.store import decoding, times
from pattern_cli.store.decoding import Damage


class AsStored:
    """A value that is shown as stored because it cannot be decoded: `raw` is what the file holds."""

    raw: Any
    problems: tuple[str, ...]


class _Text(str, AsStored): ...


class _Bytes(bytes, AsStored): ...


class _Int(int, AsStored): ...


class _Float(float, AsStored): ...


class _Dict(dict[str, Any], AsStored): ...


class _List(list[Any], AsStored): ...


_KINDS: dict[type, type[Any]] = {str: _Text, bytes: _Bytes, int: _Int, float: _Float, dict: _Dict, list: _List}


def as_stored(value: Any, raw: Any, problems: Damage) -> Any:
    """The value with the reasons why it is not a decoded one; `raw` in its place where it cannot carry them."""
    shown = value if type(value) in _KINDS else raw
    marked = _KINDS[type(shown)](shown)
    marked.raw = raw
    marked.problems = tuple(problems)
    return marked


class StoredField(Field):
    """A field that reads through `store.decoding` and is declared with its SQL type word for word."""

    field_type = "TEXT"

    def ddl_datatype(self, ctx: Any) -> SQL:
        """The column's declared type, as the runtime declares it."""
        return SQL(self.field_type)

    def read(self, raw: Any, damage: Damage) -> Any:
        """The typed value of what is stored; reasons why there is none go into `damage`."""
        return decoding.read_text(raw, self.column_name, damage)

    def write(self, value: Any) -> Any:
        """What is stored for a typed value; raises UsageError for what the runtime could not read."""
        return value

    def python_value(self, value: Any) -> Any:
        """The typed value of what is stored, which never fails."""
        if value is None:
            return None
        damage: Damage = []
        read = self.read(value, damage)
        return as_stored(read, value, damage) if damage else read

    def db_value(self, value: Any) -> Any:
        """What is stored for a typed value; what came as stored goes back unchanged."""
        if isinstance(value, AsStored):
            return value.raw
        return None if value is None else self.write(value)


class Text(StoredField):
    """A text."""

    def write(self, value: Any) -> Any:
        """The text itself."""
        if not isinstance(value, str):
            raise _refused(self, value, "it is not a text")
        return value


class Integer(StoredField):
    """A whole number of at most 64 bits."""

    field_type = "INTEGER"

    def read(self, raw: Any, damage: Damage) -> Any:
        """The number."""
        return decoding.read_integer(raw, self.column_name, damage)

    def write(self, value: Any) -> Any:
        """The number."""
        if not isinstance(value, int) or not -(1 << 63) <= value < 1 << 63:
            raise _refused(self, value, "it is not a whole number of 64 bits")
        return int(value)


class BigInteger(Integer):
    """A whole number in a column declared BIGINT."""

    field_type = "BIGINT"


class AutoInteger(Integer):
    """A primary key that SQLite counts up and never gives out again."""

    auto_increment = True

    def __init__(self) -> None:
        super().__init__(null=True, primary_key=True, constraints=[SQL("AUTOINCREMENT")])


class Flag(StoredField):
    """A truth value, stored as 0 or 1; read as the runtime reads it: any number but zero is true."""

    field_type = "INTEGER"

    def read(self, raw: Any, damage: Damage) -> bool:
        """True or False, whatever is stored."""
        return decoding.read_flag(raw)

    def write(self, value: Any) -> int:
        """0 or 1."""
        return int(bool(value))


class BooleanFlag(Flag):
    """A truth value in a column declared BOOLEAN."""

    field_type = "BOOLEAN"


class Bytes(StoredField):
    """Bytes; a text found in their place is read as its bytes, as the runtime does."""

    field_type = "BLOB"

    def read(self, raw: Any, damage: Damage) -> Any:
        """The bytes."""
        if isinstance(raw, str):
            return raw.encode("utf-8", "surrogateescape")
        if not isinstance(raw, bytes):
            damage.append(f"{self.column_name}: stored as a number, which the runtime cannot read")
        return raw

    def write(self, value: Any) -> bytes:
        """The bytes."""
        if not isinstance(value, bytes | bytearray | memoryview):
            raise _refused(self, value, "it is not bytes")
        return bytes(value)


class TimeField(StoredField):
    """A time as text: RFC 3339 UTC with `Z` in Python, `+00:00` in the file, nanoseconds kept (database.md §6.3).

    Reads every form the runtime reads, the space form of `datetime('now')` among them; takes texts and unix
    nanoseconds.
    """

    def read(self, raw: Any, damage: Damage) -> Any:
        """RFC 3339 text in UTC with `Z`."""
        return decoding.read_time(raw, self.column_name, damage)

    def write(self, value: Any) -> Any:
        """Text with `+00:00`, as the runtime writes it."""
        try:
            return times.column_time(value)
        except (ValueError, TypeError, OverflowError, AttributeError):
            raise _refused(self, value, "it is not a time") from None


class SpaceTime(TimeField):
    """A time of whole seconds, stored as `YYYY-MM-DD HH:MM:SS` in a column declared TIMESTAMP: the ledger's."""

    field_type = "TIMESTAMP"

    def write(self, value: Any) -> str:
        """The space form, without a fraction."""
        return str(super().write(value))[:19].replace("T", " ")


class UnixTime(StoredField):
    """A time as unix seconds: RFC 3339 UTC with `Z` in Python (`agent_atproto_endpoints`, database.md §6.4)."""

    field_type = "INTEGER"

    def read(self, raw: Any, damage: Damage) -> Any:
        """RFC 3339 text in UTC with `Z`."""
        try:
            if isinstance(raw, int):
                return times.from_nanoseconds(raw * times.NS)
        except (ValueError, OverflowError):
            pass
        damage.append(f"{self.column_name}: not a time")
        return raw

    def write(self, value: Any) -> int:
        """Whole seconds; a fraction would be lost and is refused."""
        try:
            seconds, fraction = divmod(value if isinstance(value, int) else times.nanoseconds(value), times.NS)
        except (ValueError, TypeError, OverflowError, AttributeError):
            raise _refused(self, value, "it is not a time") from None
        if fraction:
            raise _refused(self, value, "this column holds whole seconds")
        return seconds


class JsonField(StoredField):
    """JSON in a column declared JSON, whose NUMERIC affinity turns number texts into numbers (database.md §2.1).

    Integers are exact. A bare number, which the runtime could not read back, is written as a JSON string.
    """

    field_type = "JSON"

    def read(self, raw: Any, damage: Damage) -> Any:
        """The JSON value; a bare number is shown and reported."""
        return decoding.read_json(raw, self.column_name, damage)

    def write(self, value: Any) -> str:
        """Compact JSON text, keys in their order."""
        text = _json(self, value)
        return f'"{text}"' if isinstance(value, int | float) and not isinstance(value, bool) else text

    def db_value(self, value: Any) -> Any:
        """As every field, but None is JSON's null where the column may not be empty."""
        return "null" if value is None and not self.null else super().db_value(value)


class JsonText(JsonField):
    """JSON in a column declared TEXT, where numbers stay the text they are."""

    field_type = "TEXT"

    def write(self, value: Any) -> str:
        """Compact JSON text, keys in their order."""
        return _json(self, value)


class EnumField(StoredField):
    """One of the runtime's spellings; a stored one it does not know is shown as it is and reported.

    `words` are those the runtime writes. `free` marks a column that the runtime reads as plain text (§4.1). Unknown
    words cannot be written, nor compared with: `Agent.status == "asleep"` raises.
    """

    def __init__(self, words: tuple[str, ...], *, free: bool = False, **options: Any) -> None:
        super().__init__(**options)
        self.words = words
        self.free = free

    def read(self, raw: Any, damage: Damage) -> Any:
        """The stored word."""
        if self.free:
            return super().read(raw, damage)
        return decoding.read_word(raw, self.column_name, self.words, damage)

    def write(self, value: Any) -> Any:
        """The word, if the runtime knows it."""
        if value not in self.words:
            raise _refused(self, value, f"it is not one of {', '.join(self.words)}")
        return value


class Reference(ForeignKeyField):
    """A foreign key that never looks up its row by itself; `NAME_id` is the stored value."""

    def __init__(self, model: Any, on_delete: str | None = None, **options: Any) -> None:
        super().__init__(model, on_delete=on_delete, lazy_load=False, index=False, backref="+", **options)

    def ddl_datatype(self, ctx: Any) -> SQL:
        """The type of the key it points to."""
        return SQL("TEXT")


def default(value: str) -> list[SQL]:
    """A column's SQL default, which SQLite fills in where an insert leaves the column out."""
    return [SQL(f"DEFAULT {value}")]


def _json(field: StoredField, value: Any) -> str:
    import json

    try:
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
        if not text.isascii():
            try:
                text.encode()
            except UnicodeEncodeError:
                # Half a surrogate pair can only be written escaped.
                return json.dumps(value, separators=(",", ":"), allow_nan=False)
        return text
    except (ValueError, TypeError, RecursionError) as error:
        raise _refused(field, value, f"it cannot be JSON: {error}") from None


def _refused(field: StoredField, value: Any, why: str) -> UsageError:
    return UsageError(f"{field.model._meta.table_name}.{field.column_name} cannot hold {value!r:.60}: {why}")
