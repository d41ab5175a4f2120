# SPDX-License-Identifier: Apache-2.0
"""Reads the YAML that settings are written in, for interpreters without PyYAML.

Mappings and lists by indentation or in brackets, anchors and aliases, quoted and plain scalars, block texts, comments.
What it does not know (tags, several documents, merge keys, complex keys) is an error that names the line.
"""

import re

_INT = re.compile(r"[-+]?(0|[1-9][0-9_]*)$")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9][0-9_]*(\.[0-9_]*)?)([eE][-+][0-9]+)?$")
_WORDS = {"": None, "~": None, "null": None, "true": True, "yes": True, "on": True}
_WORDS.update({"false": False, "no": False, "off": False, ".inf": float("inf"), "-.inf": float("-inf")})
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "0": "\0", "\\": "\\", '"': '"', "/": "/", "b": "\b", "e": "\x1b"}


class PlainYamlError(ValueError):
    """The text is not YAML, or uses what this reader does not know."""


def read(text):
    """The text as dicts, lists and scalars; None if it is empty."""
    return _Reader(text).document()


class _Reader:
    """Goes through the lines once; ``_next`` is the line to look at."""

    def __init__(self, text):
        self._lines = []
        self._raw = text.splitlines()
        for number, raw in enumerate(self._raw, 1):
            bare = _without_comment(raw)
            if not bare.strip() or bare.strip() == "---":
                continue
            indent = len(bare) - len(bare.lstrip(" "))
            if bare.lstrip(" ").startswith("\t"):
                raise PlainYamlError(f"line {number}: indented by a tab (expected: blanks)")
            self._lines.append((indent, bare.strip(), number))
        self._next = 0
        self._anchors = {}

    def document(self):
        if not self._lines:
            return None
        value = self._block(self._lines[0][0])
        if self._next < len(self._lines):
            self._fail("does not belong to what is before it (check the indentation)")
        return value

    def _fail(self, why, number=None):
        raise PlainYamlError(f"line {number or self._lines[min(self._next, len(self._lines) - 1)][2]}: {why}")

    def _block(self, indent):
        text = self._lines[self._next][1]
        if text == "-" or text.startswith("- "):
            return self._list(indent)
        if _key_end(text) is not None:
            return self._mapping(indent)
        self._next += 1
        return self._inline(self._continued(text, indent - 1))

    def _list(self, indent):
        items = []
        while self._next < len(self._lines):
            at, text, number = self._lines[self._next]
            if at != indent or not (text == "-" or text.startswith("- ")):
                break
            rest = text[1:].lstrip()
            if rest.startswith("- ") or (_key_end(rest) is not None and rest[0] not in "[{\"'&*"):
                # "- key: value" or "- - item": the item is a block that begins on this line
                deeper = indent + len(text) - len(rest)
                self._lines[self._next] = (deeper, rest, number)
                items.append(self._block(deeper))
                continue
            self._next += 1
            items.append(self._value(rest, indent, number))
        return items

    def _mapping(self, indent):
        result = {}
        while self._next < len(self._lines):
            at, text, number = self._lines[self._next]
            end = _key_end(text)
            if at != indent or end is None:
                break
            key = self._inline(text[:end].strip())
            if key == "<<":
                self._fail("merge keys are not known to this reader (install PyYAML)", number)
            self._next += 1
            result[key] = self._value(text[end + 1 :].strip(), indent, number, in_mapping=True)
        if self._next < len(self._lines) and self._lines[self._next][0] > indent:
            self._fail("is indented more than what is before it")
        return result

    def _value(self, text, indent, number, in_mapping=False):
        anchor = None
        if text.startswith("&"):
            anchor, _, text = text[1:].partition(" ")
            text = text.strip()
        if text[:1] in ("|", ">"):
            value = self._text(text, indent, number)
        elif text:
            value = self._inline(self._continued(text, indent))
        else:
            value = self._nested(indent, in_mapping)
        if anchor:
            self._anchors[anchor] = value
        return value

    def _nested(self, indent, in_mapping):
        if self._next < len(self._lines):
            at, text, _ = self._lines[self._next]
            is_item = text == "-" or text.startswith("- ")
            if at > indent or (in_mapping and at == indent and is_item):
                return self._block(at)
        return None

    def _continued(self, text, indent):
        """A value in brackets or quotes may go on over several lines, a plain one over lines that are deeper."""
        while self._next < len(self._lines):
            at, more, _ = self._lines[self._next]
            still_open = text[0] in "[{\"'" and not _closed(text)
            if not still_open and (at <= indent or text[0] in "[{\"'" or _key_end(more) is not None):
                break
            text += " " + more
            self._next += 1
        return text

    def _text(self, mark, indent, number):
        last = number
        while self._next < len(self._lines) and self._lines[self._next][0] > indent:
            last = self._lines[self._next][2]
            self._next += 1
        end = self._lines[self._next][2] - 1 if self._next < len(self._lines) else len(self._raw)
        rows = self._raw[number : max(last, end)]
        while rows and not rows[-1].strip():
            rows.pop()
        margin = min((len(row) - len(row.lstrip(" ")) for row in rows if row.strip()), default=0)
        rows = [row[margin:] for row in rows]
        joined = "\n".join(rows) if mark[0] == "|" else re.sub(r"(?<!\n)\n(?!\n)", " ", "\n".join(rows))
        return joined if mark.endswith("-") else joined + "\n"

    def _inline(self, text):
        value, rest = self._flow(text, "")
        if rest.strip():
            self._fail(f"{rest.strip()!r} follows a value that is complete", self._lines[self._next - 1][2])
        return value

    def _flow(self, text, stops):
        text = text.lstrip()
        first = text[:1]
        if first == "[":
            return self._flow_list(text[1:])
        if first == "{":
            return self._flow_mapping(text[1:])
        if first in ('"', "'"):
            return self._quoted(text)
        cut = _stop(text, stops)
        token, rest = text[:cut].strip(), text[cut:]
        if first == "*":
            if token[1:] not in self._anchors:
                self._fail(f"no anchor {token[1:]!r} before it", self._lines[self._next - 1][2])
            return self._anchors[token[1:]], rest
        if first == "&":
            name, _, plain = token[1:].partition(" ")
            self._anchors[name] = self._inline(plain.strip())
            return self._anchors[name], rest
        if first in ("!", "%", "@", "`"):
            self._fail(f"{token!r} is not known to this reader (install PyYAML)", self._lines[self._next - 1][2])
        return _scalar(token), rest

    def _flow_list(self, text):
        items = []
        while True:
            text = text.lstrip()
            if text.startswith("]"):
                return items, text[1:]
            value, text = self._flow(text, ",]")
            items.append(value)
            text = self._separator(text, "]")

    def _flow_mapping(self, text):
        result = {}
        while True:
            text = text.lstrip()
            if text.startswith("}"):
                return result, text[1:]
            key, text = self._flow(text, ":,}")
            text = text.lstrip()
            value = None
            if text.startswith(":"):
                value, text = self._flow(text[1:], ",}")
            result[key] = value
            text = self._separator(text, "}")

    def _separator(self, text, end):
        text = text.lstrip()
        if text.startswith(","):
            return text[1:]
        if not text.startswith(end):
            self._fail(f"{text!r} (expected: a comma or {end})", self._lines[self._next - 1][2])
        return text

    def _quoted(self, text):
        quote, result, at = text[0], [], 1
        while at < len(text):
            sign = text[at]
            if sign == quote:
                if quote == "'" and text[at + 1 : at + 2] == "'":
                    result.append("'")
                    at += 2
                    continue
                return "".join(result), text[at + 1 :]
            if sign == "\\" and quote == '"':
                at = self._escape(text, at + 1, result)
                continue
            result.append(sign)
            at += 1
        return self._fail(f"no closing {quote}", self._lines[self._next - 1][2])

    def _escape(self, text, at, result):
        sign = text[at : at + 1]
        digits = {"x": 2, "u": 4, "U": 8}.get(sign)
        if digits:
            result.append(chr(int(text[at + 1 : at + 1 + digits], 16)))
            return at + 1 + digits
        if sign not in _ESCAPES:
            self._fail(f"escape \\{sign} is not known", self._lines[self._next - 1][2])
        result.append(_ESCAPES[sign])
        return at + 1


def _scalar(token):
    word = _WORDS.get(token.lower(), token)
    if word is not token:
        return word
    if _INT.match(token):
        return int(token.replace("_", ""))
    if _FLOAT.match(token) and any(sign in token for sign in ".eE") and token not in (".", "-.", "+."):
        return float(token.replace("_", "")) if "." in token else token
    return token


def _outside_quotes(text):
    """Positions and signs of a text that are in no quotes."""
    quote = None
    at = 0
    while at < len(text):
        sign = text[at]
        if quote:
            if sign == "\\" and quote == '"':
                at += 1
            elif sign == quote:
                quote = None
        elif sign in "\"'" and (at == 0 or text[at - 1] in " [{,:("):
            quote = sign
        else:
            yield at, sign
        at += 1


def _without_comment(text):
    for at, sign in _outside_quotes(text):
        if sign == "#" and (at == 0 or text[at - 1] in " \t"):
            return text[:at].rstrip()
    return text.rstrip()


def _key_end(text):
    depth = 0
    for at, sign in _outside_quotes(text):
        if sign in "[{":
            depth += 1
        elif sign in "]}":
            depth -= 1
        elif sign == ":" and depth == 0 and (at + 1 == len(text) or text[at + 1] == " "):
            return at
    return None


def _closed(text):
    if text[0] in "\"'":
        return len(text) > 1 and text.endswith(text[0])
    depth = sum((sign in "[{") - (sign in "]}") for _, sign in _outside_quotes(text))
    return depth <= 0


def _stop(text, stops):
    for at, sign in _outside_quotes(text):
        if sign in stops and (sign != ":" or text[at + 1 : at + 2] in ("", " ")):
            return at
    return len(text)
