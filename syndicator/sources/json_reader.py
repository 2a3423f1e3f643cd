"""What all formats that are JSON have in common: they are told by some words, and parsed once."""

from __future__ import annotations

import re
from abc import abstractmethod
from typing import Any, ClassVar

from syndicator.sources.base import Reader, ReadingContext, SourceDocument, UnreadableSource
from syndicator.sources.file_kinds import MAX_BYTES, is_json, unreadable
from syndicator.sources.json_text import load_json
from syndicator.sources.text_encoding import decode_text


class JsonReader(Reader):
    """One format. A file is in it if all of *signs* are found in its text.

    Where *listed* is set, the file is an object whose field of that name is an array.
    """

    signs: ClassVar[tuple[re.Pattern[str], ...]]
    listed: ClassVar[str] = ""

    def recognises(self, data: bytes) -> bool:
        if len(data) > MAX_BYTES:
            return False
        text = decode_text(data)
        if self.listed and not text.lstrip().startswith("{"):
            return False
        return is_json(text) and all(sign.search(text) for sign in self.signs)

    def read(self, data: bytes, context: ReadingContext) -> SourceDocument:
        if not self.recognises(data):
            raise unreadable(self.describes, data)
        try:
            value = load_json(decode_text(data))
        except ValueError as error:
            raise self.refused(f"Found a broken JSON file: {error}.") from error
        if self.listed and not isinstance(value.get(self.listed), list):
            raise self.refused(f"Found a JSON file whose “{self.listed}” are not an array.")
        return self.document(value, context)

    @abstractmethod
    def document(self, value: Any, context: ReadingContext) -> SourceDocument:
        """What *value*, the whole file, says."""

    def refused(self, found: str) -> UnreadableSource:
        return UnreadableSource(f"Expected {self.describes}.", found)
