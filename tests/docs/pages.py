"""The pages of the documentation taken apart: headings, links, blocks of code, commands."""

import re
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
LANGUAGES = {"sh", "yaml", "python", "text", "mermaid"}
# What an indented block, or a span of code in a sentence, begins with if it is a command.
PROGRAMS = ("make", "python", ".venv/bin/", "snakemake", "pytest", "git", "cd", "cp", "mlflow")


class Block(NamedTuple):
    """A block of code: the page, the line where it starts, its language, its lines as one text."""

    page: str
    line: int
    language: str
    text: str

    def __str__(self):
        return f"{self.page}:{self.line}"


class Command(NamedTuple):
    """A command as a reader would type it, and where it stands."""

    place: str
    text: str


def name(page):
    return page.relative_to(ROOT).as_posix() if page.is_relative_to(ROOT) else page.name


def blocks(page):
    """Yield the blocks of a page; an indented one is a block of commands."""
    text = page.read_text(encoding="utf-8")
    for found in re.finditer(r"^```(\S*)\n(.*?)^```$", text, re.M | re.S):
        yield Block(name(page), text[: found.start()].count("\n") + 1, found[1], found[2])
    # Blank out what is fenced, so that lines keep their numbers.
    rest = re.sub(
        r"^```.*?^```$", lambda found: "\n" * found[0].count("\n"), text, flags=re.M | re.S
    )
    for found in re.finditer(r"(?<=\n\n)((?: {4}.*\n)(?:(?: {4}.*)?\n)*)", rest):
        above = rest[: found.start()].rstrip().rpartition("\n")[2]
        if not re.match(r"\s*(\*|-|\d+\.) ", above):  # the rest of a list's item
            lines = "\n".join(line[4:] for line in found[0].splitlines())
            yield Block(name(page), rest[: found.start()].count("\n") + 1, "", lines)


def spans(page):
    """Return the spans of code that stand in sentences and tables."""
    text = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)
    return re.findall(r"(?<!`)`([^`\n]+)`(?!`)", text)


def commands(page):
    """Return all commands of a page, each where it first stands."""
    found = {}
    for block in blocks(page):
        if block.language in ("sh", ""):
            for line in joined(block.text):
                found.setdefault(line, Command(str(block), line))
    for span in spans(page):
        if span.startswith(tuple(f"{program} " for program in PROGRAMS)) or (
            span.startswith(".venv/bin/") and " " in span
        ):
            found.setdefault(span, Command(name(page), span))
    return list(found.values())


def joined(text):
    """Yield the commands of a block: without remarks, lines that go on put together."""
    for line in text.replace("\\\n", " ").splitlines():
        command = re.sub(r"(^|\s+)#\s.*$", "", line).strip()
        if command:
            yield re.sub(r"\s+", " ", command)


def anchors(page):
    """Return what GitHub makes of the headings of a page."""
    text = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)
    headings = re.findall(r"^#+ (.*)$", text, re.M)
    plain = [re.sub(r"[^\w\- ]", "", heading.lower()) for heading in headings]
    return {heading.replace(" ", "-") for heading in plain}


def links(page):
    """Return the targets of the links and pictures of a page."""
    text = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)
    return re.findall(r"\]\(([^)\s]+)\)", re.sub(r"`[^`\n]*`", "", text))
