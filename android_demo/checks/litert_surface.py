"""The stand-in for LiteRT's Kotlin API, compared with a written list of the real one's declarations."""

import re
from pathlib import Path

from android_demo.checks.errors import CheckError

SURFACE = Path(__file__).with_name("litert") / "LiteRt.kt"
SIGNATURES = Path(__file__).with_name("litert") / "signatures.txt"
"""A declaration a line, owner first, written from LiteRT's public sources: what is public, without bodies."""

_COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.DOTALL)
_ANNOTATION = re.compile(r"@(?:file:)?\w+(?:\([^)]*\))?")
_DECLARATION = re.compile(
    r"(?P<head>(?:(?:private|internal|protected|abstract|override|final|open|data|enum) )*"
    r"(?P<kind>companion object|class|fun|val|var|constructor)\b ?(?P<name>\w+)?)"
)
_HIDDEN = re.compile(r": (?:\w+ )*(?:private|internal|protected) (?!constructor)")
_CLOSING = {"(": ")", "{": "}", "<": ">"}


def check_surface(text: str | None = None) -> str:
    """Look each declaration of the stand-in up in the list. text: another stand-in's. Raises CheckError on the rest."""
    found = set(declarations(SURFACE.read_text(encoding="utf-8") if text is None else text))
    wrong = sorted(found - set(SIGNATURES.read_text(encoding="utf-8").splitlines()))
    if wrong:
        raise CheckError(f"LiteRT has no {'; no '.join(wrong)}. See {SIGNATURES.name}.")
    return f"{len(found)} declarations of LiteRT's"


def declarations(source: str) -> list[str]:
    """Every public declaration of a Kotlin file of classes as `Owner: declaration`, on one line each."""
    text = _ANNOTATION.sub("", _COMMENT.sub("", source)).partition("package ")[2]
    text = " ".join(text.split()).replace(", )", " )").replace(",)", ")")
    return [_plain(one) for one in _inside(text, "") if not _HIDDEN.search(one)]


def _plain(declaration: str) -> str:
    """One way of writing it."""
    text = re.sub(r"([(<]) | ([)>])", r"\1\2", declaration).replace("override final", "final override")
    text = re.sub(r" (?:private|internal) constructor\(.*?\)(?= :|$)", " with no public constructor", text)
    return re.sub(r" constructor(?=\()|(?<=\)): Unit$| : this\(.*", "", text)


def _inside(text: str, owner: str) -> list[str]:
    found, at = [], 0
    while match := _DECLARATION.search(text, at):
        end = _end_of_head(text, match.end())
        head = text[match.start() : end].strip().removesuffix("= TODO()").strip().rstrip(",;")
        is_type = match["kind"] in ("class", "companion object")
        if match["kind"] != "constructor" or owner:
            found.append(f"{owner or '-'}: {head}")
        at = end
        if is_type and text[end : end + 1] == "{":
            close = _balanced(text, end)
            name = match["name"] or "Companion"
            inner = text[end + 1 : close - 1]
            if match["head"].startswith("enum"):
                entries = inner.partition(";")[0].replace(" ", "").rstrip(",").split(",")
                found += [f"{owner}.{name}: {entry}".lstrip(".") for entry in entries]
            else:
                found += _inside(inner, f"{owner}.{name}".lstrip("."))
            at = close
        elif match["kind"] in ("fun", "constructor") and text[end : end + 1] == "{":
            at = _balanced(text, end)
    return found


def _end_of_head(text: str, at: int) -> int:
    """Where a declaration's head ends: before its body, or before what follows."""
    while at < len(text):
        if text[at] in "(<":
            at = _balanced(text, at)
        elif text[at] in "{}" or ((next_one := _DECLARATION.match(text, at)) and next_one["kind"] != "constructor"):
            return at
        else:
            at += 1
    return at


def _balanced(text: str, at: int) -> int:
    """After the bracket that closes the one at a place."""
    opening, closing, depth = text[at], _CLOSING[text[at]], 0
    for place in range(at, len(text)):
        depth += (text[place] == opening) - (text[place] == closing)
        if depth == 0:
            return place + 1
    return len(text)
