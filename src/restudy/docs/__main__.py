"""Make the generated parts of the documentation: ``python -m restudy.docs [--results results]``.

Without an option: the tables of keys and of columns, the graph of the rules and the schema of
``view.json``, from models, declarations and rules, and the counts at the full scale, from
``results/gathered``. With the results of a finished run, or with ``results/reference``: the
pictures, and the headline results.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from restudy.common.errors import RestudyError
from restudy.common.files import write_atomically
from restudy.docs import column_reference, headline_results, key_reference, pictures, rule_graph
from restudy.docs.generated_blocks import replace_block
from restudy.report.view.schema import SCHEMA, schema_file


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the files, and print their names."""
    parser = argparse.ArgumentParser(prog="python -m restudy.docs", description=__doc__)
    parser.add_argument("--results", type=Path, help="pictures and headline results of this run")
    options = parser.parse_args(arguments)
    try:
        if options.results is None:
            _from_checkout()
        else:
            _replace(
                headline_results.PAGE,
                {headline_results.HEADLINES: headline_results.headlines(options.results)},
            )
            for line in pictures.make(options.results):
                print(line)
    except RestudyError as error:
        sys.exit(f"error: {error}")


def _from_checkout() -> None:
    keys = key_reference.PAGE
    write_atomically(keys, key_reference.page(keys.read_text(encoding="utf-8")).encode())
    write_atomically(SCHEMA, schema_file())
    print(keys, SCHEMA, sep="\n")
    _replace(rule_graph.PAGE, {"rules": rule_graph.rule_graph()})
    _replace(column_reference.PAGE, column_reference.column_blocks())
    _replace(column_reference.DATA_PAGE, column_reference.data_blocks())
    _replace(headline_results.PAGE, {headline_results.FULL_SCALE: headline_results.full_scale()})


def _replace(page: Path, blocks: dict[str, str]) -> None:
    for name, content in blocks.items():
        replace_block(page, name, content)
    print(f"{page}: {', '.join(blocks)}")


if __name__ == "__main__":
    main()
