"""A made-up page with every kind of block, and a reader that checks a page's form."""

from html.parser import HTMLParser

import pandas as pd
from restudy.report.parts import (
    Answer,
    Count,
    Finding,
    Folded,
    Gallery,
    Lines,
    Page,
    Picture,
    Section,
    Table,
    Tally,
)

NASTY = "<script>alert('&')</script> \"quoted\""
SVG = (
    b'<svg xmlns="http://www.w3.org/2000/svg" width="90" height="30"><path d="M 0 0 L 9.123456 3"/>'
)
SVG += b"</svg>"
VOID = {"meta", "img", "br", "hr"}

CLAIMS = pd.DataFrame(
    {
        "id": [f"CLM-BN-{number:02d}" for number in range(1, 7)],
        "topic": ["batch norm", "batch norm", "loss", "loss", "loss", "dropout"],
        "source": ["S1", "S1, S3", "S3", "S4", "S4", "S3, S4"],
        "verdict": ["supported", "contradicted", "supported", "pending", "inconclusive", "pending"],
        "effect": ["0.5", "\N{MINUS SIGN}2.25", "10", "\N{EN DASH}", "+0.25", "\N{EN DASH}"],
        "found": [Folded("2 tests", ("One, see CLM-BN-06.", NASTY)), *"abcde"],
    }
)


def table(**keys: object) -> Table:
    given = {"anchor": "id", "badges": ["verdict"], "stacked": True}
    return Table("Every claim", CLAIMS, **(given | keys))


def page(*sections: Section, **keys: object) -> Page:
    counts = [Count("reproduced", 3, "good"), Count("open", 1, "open")]
    answer = Answer(
        tallies=[Tally("Numbers", "Of 4 printed numbers 3 reproduced.", counts, "claims")],
        findings=[Finding("A claim", "supported", NASTY, "accuracy", "+0.5 (0 to 1)", "CLM-BN-01")],
        rule="By a rule.",
        cuts="Nothing is cut.",
    )
    given = {"title": "A title", "scale": "quick", "commit": "0123abc", "answer": answer}
    given |= {"sections": sections, "beside": {"Another": "snakemake.html"}}
    return Page(**(given | keys))


def whole() -> Page:
    """Return a page with every kind of block."""
    picture = Picture(
        SVG, f"A caption {NASTY}", "A picture", "FIG-S1-01", {"CSV": "../figures/a.csv"}, "make it"
    )
    return page(
        Section(
            "claims",
            "The claims",
            "Which hold?",
            blocks=[table(filters=["topic", "source", "verdict"])],
            links={"all": "../tables/claims.csv"},
        ),
        Section(
            "sources",
            "The sources",
            NASTY,
            parts=[
                Section(
                    "S1",
                    "S1: first",
                    "?",
                    blocks=[
                        Gallery("Its figures", [picture]),
                        Table(NASTY, pd.DataFrame({NASTY: [NASTY], "n": [1.5]}), folded=True),
                        Lines("Where from", ["One line on FIG-S1-01"], folded=True),
                        Lines("What", ["Another line"]),
                        Table("Candidates", pd.DataFrame({"a": [1]}), folded=True, on_paper=False),
                    ],
                ),
                Section("S2", "S2: second", "?", empty="There is nothing of it."),
            ],
        ),
    )


class Checker(HTMLParser):
    """Reads a page: every tag is closed in its turn, and addresses are kept."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.loaded: list[str] = []
        self.linked: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self.open.append(tag)
        for name, value in attrs:
            if name == "id":
                self.ids.append(value)
            elif name in ("src", "srcset", "data", "poster", "background"):
                self.loaded.append(value)
            elif name == "href":
                (self.linked if tag == "a" else self.loaded).append(value)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def check(text: str) -> Checker:
    """See to it that a page is well-formed and that its links inside lead somewhere."""
    checker = Checker()
    checker.feed(text)
    checker.close()
    assert checker.open == []
    assert len(set(checker.ids)) == len(checker.ids)
    inside = {f"#{name}" for name in checker.ids}
    assert {link for link in checker.linked if link.startswith("#")} <= inside
    assert all(address.startswith("data:image/svg+xml,") for address in checker.loaded)
    return checker
