"""What somebody sends who means harm, or whose program is broken."""

from __future__ import annotations

#: Each in a text: markup, templates, SQL, headers, paths, formulas, calendars, marks of direction, long combinings.
TEXTS = {
    "markup": "<script>alert(1)</script><img src=x onerror=alert(1)>\"'><svg/onload=alert(1)>",
    "template": "{{7*7}} {% now 'Y' %} ${7*7} #{7*7} %(x)s {0} {x.__class__}",
    "sql": "'; DROP TABLE incidents_incident; -- \" OR 1=1 /*",
    "header": "Down\r\nBcc: everybody@example.com\r\n\r\nX\nSubject: other",
    "path": "../../../../etc/passwd\\..\\..\\%2e%2e%2f",
    "formula": '=HYPERLINK("http://example.com","x") +1 -1 @SUM(A1) \t=1',
    "calendar": 'BEGIN:VEVENT\r\nEND:VCALENDAR\\n;:,"',
    "direction": "\u202egnp.exe\u202c \u2066\u2067\u200f\ufeff\u0000".replace("\u0000", ""),
    "combining": "Z" + "\u0301\u0489" * 300,
    "emoji": "\U0001f469\u200d\U0001f4bb \U000e0041 \uffff \u2028 \u2029 \x85 \x1b[31m \x07",
    "slow": "a" * 5_000 + "!@" + "(" * 500 + "x+" * 500,
    "number": "9" * 400,
    "exponent": "1e400",
    "none": "NaN",
    "zero": "\x00nul\x00",
}
HUGE = "x" * 200_000
#: What JSON can say and a text in UTF-8 cannot.
OF_JSON = {"half a pair": "\ud800 \udfff", "huge": HUGE}

#: Whole bodies that no program of good will sends.
BODIES = {
    "nothing": b"",
    "no text": b"\xff\xfe\x00{",
    "half a sign": b'{"title": "\xc3"}',
    "open": b'{"title": "',
    "deep": b'{"title":' + b"[" * 60_000 + b"]" * 60_000 + b"}",
    "deep objects": b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
    "wide": b"{" + b",".join(b'"k%d":%d' % (number, number) for number in range(40_000)) + b"}",
    "twice": b'{"title": "one", "title": "two", "status": "firing", "status": "resolved"}',
    "not a number": b'{"title": NaN}',
    "endless": b'{"title": 1e400, "labels": {"severity": -1e999}}',
    "long number": b'{"title": ' + b"9" * 6_000 + b"}",
    "markup": b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]><x>&b;</x>',
    "list": b"[[[]]]",
    "word": b'"text"',
    "null": b"null",
    "true": b"true",
}
