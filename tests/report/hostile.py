"""Names that a careless report would run, swallow or be broken by."""

import xml.etree.ElementTree as ET
from html.parser import HTMLParser

from seqcompare.results.spreadsheet import is_unsafe

HOSTILE = [
    "<script>window.hacked = 1</script>",
    '"><img src=x onerror="window.hacked = 2">',
    "' onmouseover='window.hacked = 3' x='",
    "</style><script>window.hacked = 4</script>",
    "</script><script>window.hacked = 5</script>",
    "<svg/onload=window.hacked=6>",
    "{{ 7 * 7 }}{% for x in range(9) %}x{% endfor %}",
    "${alert(1)}`$(touch /tmp/hacked)`",
    "=cmd|' /C calc'!A0",
    "+SUM(1+1)*cmd|' /C calc'!A0",
    "-2+3+cmd|' /C calc'!A0",
    "@SUM(1,1)",
    "\t=1+1",
    "nul\x00l bell\x07 escape\x1b[31m back\x08",
    "right\u202eto left\u202c \u2066isolate\u2069 \u200fmark",
    "zero\u200bwidth\u200djoiner\ufeff",
    "W" * 10_000,
    "many words " * 900,
    "](javascript:alert(1)) | pipe *star* _under_ `tick` \\ # $x^2$ \\input{/etc/passwd} % &",
    "_underscore first, Zalgo: " + "Z" + "\u0301" * 200,
]


class _Markup(HTMLParser):
    """The elements of a page that act, and attributes that do."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.acting = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        acts = [name for name, _ in attributes if name.startswith("on")]
        if acts or tag in ("script", "img", "iframe", "object"):
            self.acting.append((tag, acts))

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)


def assert_seen(text):
    """Nothing is in a text that a terminal acts on, or that turns what follows."""
    assert not {c for c in text if c not in "\n\t\r" and is_unsafe(c)}


def assert_no_markup(html):
    """No element of a page is one that a name has made."""
    assert_seen(html)
    assert _Markup(html).acting == []


def assert_picture(svg):
    """A drawing is sound XML, with nothing in it that acts."""
    assert_no_markup(svg)
    ET.fromstring(svg)
