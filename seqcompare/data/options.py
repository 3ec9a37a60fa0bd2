"""What reading may be told: declared once, and light to import, for the command line as well."""

from __future__ import annotations

from typing import Literal

Role = Literal["next", "step", "step-value", "sequence", "value"]
Kind = Literal["symbols", "real"]
Missing = Literal["error", "keep"]
Tokens = Literal["char", "word"]
Split = Literal["line", "document"]
