"""What the readers are tried on: right files with a few things wrong, and plain nonsense."""

import re

from hypothesis import strategies as st

# What has broken a reader of text somewhere once.
NASTY = (
    *("null", "~", "''", "[]", "{}", "-1", "0", "1e999", ".nan", "-.inf", "true", "off"),
    *("99999999999999999999", "9" * 5000, "0x", "0b2", "1_0", "1:60", "2001-13-45", "12:61:61"),
    *("2001-01-01T99:99:99Z", "!!int x", "!!float ''", "!!binary é", "!!timestamp x", "!!set {a}"),
    *(
        "!!python/name:os.system",
        "&a [*a]",
        "*a",
        "&a",
        "<<: *a",
        "<<: 1",
        "? [a]\n: b",
        "{a: b}: c",
    ),
    *(
        '"\\0"',
        '"\\ud800"',
        '"\\u202e"',
        "\u2028",
        "\ufeff",
        "\x07",
        "\t",
        "%YAML 9.9",
        "---",
        "...",
    ),
    *(
        "[" * 100_000,
        "- " * 2000,
        "{a: " * 1500,
        "|",
        ">",
        "@",
        "`",
        "'",
        '"',
        ": ",
        "#",
        "$(touch x)",
    ),
)
_TOKEN = re.compile(r"[\w.+-]+|\s+|.", re.DOTALL)


@st.composite
def damaged_text(draw, originals):
    """One of the texts with up to four of its words left out, doubled, moved or replaced."""
    words = _TOKEN.findall(draw(st.sampled_from(originals)))
    for _ in range(draw(st.integers(0, 4))):
        place = draw(st.integers(0, max(0, len(words) - 1)))
        change = draw(st.sampled_from(["nasty", "leave", "double", "swap", "cut"]))
        if change == "nasty":
            words[place : place + 1] = [draw(st.sampled_from(NASTY))]
        elif change == "leave":
            del words[place : place + draw(st.integers(1, 6))]
        elif change == "double":
            words[place:place] = words[place : place + draw(st.integers(1, 40))]
        elif change == "swap":
            other = draw(st.integers(0, max(0, len(words) - 1)))
            words[place : place + 1] = words[other : other + 1]
        else:
            del words[place:]
    return "".join(words).encode("utf-8", "surrogatepass")


@st.composite
def damaged_bytes(draw, originals):
    """One of the contents with up to six places changed, or cut short."""
    content = bytearray(draw(st.sampled_from(originals)))
    for _ in range(draw(st.integers(0, 6))):
        # Headers are at the ends of files: most of what a reader believes stands there.
        end = len(content)
        near = st.integers(0, min(end, 600)) | st.integers(max(0, end - 600), end)
        place = draw(near | st.integers(0, end))
        change = draw(st.sampled_from(["bit", "write", "insert", "leave", "cut", "repeat"]))
        if change == "bit" and place < end:
            content[place] ^= 1 << draw(st.integers(0, 7))
        elif change == "write":
            some = draw(
                st.sampled_from([b"\xff" * 4, b"\0" * 8, b"\x7f", b"9" * 12])
                | st.binary(max_size=8)
            )
            content[place : place + len(some)] = some
        elif change == "insert":
            content[place:place] = draw(st.binary(max_size=40))
        elif change == "leave":
            del content[place : place + draw(st.integers(1, 40))]
        elif change == "repeat":
            content[place:place] = content[: draw(st.integers(0, 600))]
        elif change == "cut":
            del content[place:]
    return bytes(content)


def mappings(keys):
    """Mappings with some of these keys, and anything that YAML or Snakemake hands over in them."""
    texts = st.text(max_size=12) | st.sampled_from([*NASTY, *keys, "a\0b", "x" * 5000, "../" * 50])
    plain = st.none() | st.booleans() | st.integers() | st.floats() | texts
    key = st.sampled_from(sorted(keys)) | st.text(max_size=4) | st.integers() | st.none()
    anything = st.recursive(
        plain,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(key, inner, max_size=4),
        max_leaves=8,
    )
    return st.dictionaries(key, anything, max_size=6)
