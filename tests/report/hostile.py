"""Names that a careless report would run, swallow or be broken by."""

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
