"""The page in a browser: it sorts, filters and opens, by keyboard too, in light, dark and print."""

import pytest

from restudy.docs.browser import browser, chromium
from tests.report import made_up

pytestmark = pytest.mark.skipif(
    chromium() is None, reason="no Chromium is installed: the page is looked at without a browser"
)

VISIBLE = "[...document.querySelectorAll('#claims tbody tr[id]')].filter((r) => !r.hidden)"
IDS = f"{VISIBLE}.map((r) => r.id).join(' ')"
COUNT = "document.querySelector('#claims output').textContent"
FOCUSED = "document.activeElement.tagName + ' ' + document.activeElement.textContent.trim()"
ALL = " ".join(made_up.IDS)
NUMBERS = "[...document.querySelectorAll('#S1 tr[id^=PUB]')].map((r) => r.id.slice(-1)).join('')"

# Texts whose colour does not stand out from what is behind it (WCAG 2.1, contrast 4.5 or more;
# relative luminance as defined there).
CONTRAST = """(() => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgba = (colour) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    return canvas.getImageData(0, 0, 1, 1).data;
  };
  const luminance = (colour) => {
    const part = [...rgba(colour)].slice(0, 3).map((byte) => byte / 255);
    const [r, g, b] = part.map((c) => (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    for (let one = element; one; one = one.parentElement) {
      const colour = getComputedStyle(one).backgroundColor;
      if (rgba(colour)[3] > 0) return colour;
    }
  };
  const poor = [];
  for (const element of document.body.querySelectorAll("*")) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    if (!own || element.tagName === "SCRIPT") continue;
    const [a, b] = [getComputedStyle(element).color, behind(element)].map(luminance);
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (contrast < 4.5) poor.push(`${element.tagName} ${element.className} ${contrast}`);
  }
  return poor.join("; ");
})()"""


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    path = tmp_path_factory.mktemp("page") / "index.html"
    path.write_text(made_up.page(made_up.nasty()), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def started():
    with browser(chromium()) as tab:
        yield tab


@pytest.fixture
def tab(started, page):
    started.screen(1200, 800)
    started.open(page.as_uri())
    yield started
    assert started.messages == []  # nothing failed, and nothing was kept from running


def choose(tab, place, value):
    tab.run(
        f"(() => {{ const list = document.querySelectorAll('#claims select')[{place}];"
        f"list.value = '{value}';"
        "list.dispatchEvent(new Event('input', { bubbles: true })); })()"
    )


def look_for(tab, words):
    tab.run(
        "(() => { const field = document.querySelector('#claims input');"
        f"field.value = '{words}';"
        "field.dispatchEvent(new Event('input', { bubbles: true })); })()"
    )


def heading(column, section="claims"):
    return f"document.querySelectorAll('#{section} table[data-filters] thead button')[{column}]"


def test_images_load(tab):
    assert tab.run("[...document.images].map((each) => each.naturalWidth)") == [90] * 4


def test_filters(tab):
    assert tab.run(COUNT) == "6 of 6 rows"
    choose(tab, 0, "loss")
    assert tab.run(IDS) == "CLM-BN-03 CLM-BN-04 CLM-BN-05"
    # A row of two sources is found by each.
    choose(tab, 0, "")
    choose(tab, 1, "S3")
    assert tab.run(IDS) == "CLM-BN-02 CLM-BN-03 CLM-BN-06"
    choose(tab, 2, "pending")
    assert tab.run(IDS) == "CLM-BN-06"
    assert tab.run(COUNT) == "1 of 6 rows"
    tab.run("document.querySelector('#claims button[type=reset]').click()")
    tab.run("new Promise((done) => setTimeout(done, 20))")
    assert tab.run(IDS) == ALL
    # Also what is folded is searched, all words of it.
    look_for(tab, "ALERT see")
    assert tab.run(IDS) == "CLM-BN-01"
    look_for(tab, "nowhere")
    assert tab.run(COUNT) == "0 of 6 rows"


def test_sorting(tab):
    printed = heading(2, "S1")
    tab.run(f"{printed}.click()")
    # By number, and what is empty last.
    assert tab.run(NUMBERS) == "251346"
    assert tab.run(f"{printed}.parentNode.getAttribute('aria-sort')") == "ascending"
    tab.run(f"{printed}.click()")
    assert tab.run(NUMBERS) == "315246"
    tab.run(f"{printed}.click()")
    assert tab.run(NUMBERS) == "123456"
    tab.run(f"{heading(4)}.click()")
    assert tab.run(f"{VISIBLE}.map((r) => r.cells[4].textContent)[0]") == "contradicted"


def test_by_keyboard(tab):
    tab.press("Tab", 9)
    assert tab.run(FOCUSED) == "A Skip to the summary"
    assert tab.run("document.activeElement.getBoundingClientRect().left") >= 0
    reached = set()
    for _ in range(200):
        tab.press("Tab", 9)
        reached.add(tab.run(FOCUSED))
        if tab.run("document.activeElement === document.body"):
            break
    assert {
        "BUTTON id",
        "BUTTON published",
        "BUTTON Reset",
        "SUMMARY 2 tests: 2 supported",
    } <= reached
    assert {"A The claims", "A CLM-BN-01", "A snakemake.html"} & reached
    assert any(one.startswith("SELECT") for one in reached)
    assert any(one.startswith("INPUT") for one in reached)
    assert any(one.startswith("DIV") for one in reached)  # tables can be scrolled
    tab.run(f"{heading(3)}.focus()")
    tab.press("Enter", 13, "\r")
    assert tab.run(f"{heading(3)}.parentNode.getAttribute('aria-sort')") == "ascending"


def test_a_link_shows_what_is_filtered_away_or_folded(tab):
    choose(tab, 0, "loss")
    tab.run("location.hash = '#CLM-BN-06'")
    tab.run("new Promise((done) => setTimeout(done, 100))")
    assert tab.run(IDS) == ALL
    top = tab.run("document.getElementById('CLM-BN-06').getBoundingClientRect().top")
    assert 0 <= top < 800


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_light_and_dark_can_be_read(tab, dark):
    tab.screen(1200, 800, dark=dark)
    tab.run("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
    assert tab.run(CONTRAST) == ""
    background = tab.run("getComputedStyle(document.body).backgroundColor")
    assert (background == "rgb(255, 255, 255)") is not dark
    # Figures are drawn for white.
    card = tab.run("getComputedStyle(document.images[0]).backgroundColor")
    assert card == "rgb(255, 255, 255)"
    assert len(tab.shot()) > 5000


def test_a_phone_scrolls_down_only(tab):
    tab.screen(390, 844, mobile=True)
    assert tab.run("document.documentElement.scrollWidth") <= 390
    # A row is a block of lines that say what they are.
    cell = "document.querySelector('#claims table.stacked tbody td')"
    assert tab.run(f"getComputedStyle({cell}).display") == "block"
    assert "topic" in tab.run(f"getComputedStyle({cell}, '::before').content")
    place = tab.run("getComputedStyle(document.querySelector('.up')).position")
    assert place == "fixed"  # the contents are one tap away


def test_headings_of_tables_are_repeated_on_paper(tab):
    # Chromium repeats no heading that holds a box of its own, such as a button.
    tab.media("print")
    try:
        assert tab.run(f"getComputedStyle({heading(0)}).display") == "contents"
        assert tab.run("getComputedStyle(document.getElementById('contents')).display") == "none"
        assert tab.run("getComputedStyle(document.querySelector('.filters')).display") == "none"
    finally:
        tab.media("")


def test_contents_stay_beside_the_text(tab):
    tab.run("scrollTo(0, document.body.scrollHeight)")
    top = tab.run("document.getElementById('contents').getBoundingClientRect().top")
    assert -1 <= top < 800


def test_everything_is_there_without_scripts(started, page):
    try:
        started.scripts(on=False)
        started.open(page.as_uri())
        assert started.run(IDS) == ALL
        assert started.run("document.querySelectorAll('button, form').length") == 0
        assert started.pdf().startswith(b"%PDF")
    finally:
        started.scripts(on=True)
