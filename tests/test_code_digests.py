"""The digests that rules are handed: those of ``provenance``, each module read once."""

import re
from pathlib import Path

import pytest

from restudy import code_digests, provenance

RULES = sorted((Path(__file__).parents[1] / "workflow/rules").glob("*.smk"))
ASKED = sorted(
    {
        tuple(re.findall(r'"(restudy[^"]*)"', call))
        for path in RULES
        for call in re.findall(r"code_digest\(([^)]*)\)", path.read_text(encoding="utf-8"))
        if '"' in call
    }
)


def test_the_rules_ask_for_many():
    assert len(ASKED) > 20
    assert ("restudy.training",) in ASKED


@pytest.mark.parametrize("modules", [ASKED[0], ("restudy.training",), ASKED[-1]])
def test_a_digest_is_that_of_provenance(modules):
    assert code_digests.code_digest(*modules) == provenance.code_digest(*modules)


def test_a_module_is_read_once():
    code_digests.code_digest.cache_clear()
    code_digests._read.cache_clear()
    for modules in ASKED:
        code_digests.code_digest(*modules)
    read = code_digests._read.cache_info()
    assert read.misses == read.currsize < 300
    assert read.hits > 3 * read.misses


def test_an_unknown_module_is_told():
    with pytest.raises(ModuleNotFoundError, match=r"restudy\.trianing"):
        code_digests.code_digest("restudy.trianing")
