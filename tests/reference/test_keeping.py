"""The page of a reference: the figures beside it, in place of copies of its own."""

from matplotlib.figure import Figure

from restudy.figures.style import to_svg
from restudy.reference.snapshot import link_figures
from restudy.report.html.svg_minify import data_url


def test_the_page_shows_the_figures_beside_it(tmp_path):
    figure = Figure(figsize=(2, 1))
    figure.subplots().plot([1, 3, 2])
    svg = to_svg(figure)
    for name in ("figures/a study's.svg", "report/index.html"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / "figures/a study's.svg").write_bytes(svg)
    page = tmp_path / "report/index.html"
    policy = "<meta content=\"default-src 'none'; img-src data:{}; style-src x\">"
    inside = f'{policy.format("")}<p>1</p><img src="{data_url(svg)}" alt="a"><p>2</p>'
    page.write_text(inside)
    link_figures(tmp_path)
    image = '<img src="../figures/a%20study%27s.svg" alt="a">'
    assert page.read_text() == policy.format(" 'self' file:") + f"<p>1</p>{image}<p>2</p>"
