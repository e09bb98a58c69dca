"""From the paper's Typst source to PDF: the same bytes each time, without a network."""

from __future__ import annotations

from collections.abc import Mapping

import typst

from restudy.common.errors import RestudyError

MAIN = "paper.typ"


def to_pdf(files: Mapping[str, bytes]) -> bytes:
    """Compile the paper.

    Nothing is read but ``files``; the fonts are those that come with the compiler.

    Args:
        files: address inside the paper -> content; the source is ``paper.typ``.

    Raises:
        RestudyError: the source is wrong, or names a file that is not there.
    """
    try:
        pdf: bytes = typst.compile(
            {"main.typ": files[MAIN], **files},  # what the compiler starts with
            format="pdf",
            ignore_system_fonts=True,
            timestamp=0,
        )
    except typst.TypstError as error:
        raise RestudyError(f"{MAIN}: {error.diagnostic or error.message}") from None
    return pdf
