"""The line at the bottom: messages above it are whole, and nothing of it stays."""

import io

import pytest

from restudy.runtime.terminal import ERASE, BottomLine, is_terminal
from tests.screen import Screen


@pytest.fixture
def screen():
    return Screen(rows=5)


@pytest.fixture
def bottom(screen):
    return BottomLine(screen)


@pytest.mark.parametrize("before", [0, 3, 4, 9])
def test_it_stands_below_a_free_line_and_is_drawn_anew(bottom, screen, before):
    above = "".join(f"{i}\n" for i in range(before))
    screen.write(above)
    bottom.show("a long text")
    assert screen.text == f"{above}\na long text"
    bottom.show("short")
    assert screen.text == f"{above}\nshort"
    bottom.show("")
    assert screen.text == above.rstrip()


def test_messages_scroll_by_above_it(bottom, screen):
    for i in range(12):
        bottom.show(f"at the bottom: {i}")
        bottom.print(f"message {i}")
    messages = [f"message {i}" for i in range(12)]
    assert screen.text.split("\n") == [*messages, "", "at the bottom: 11"]


def test_lines_of_others_are_whole(bottom, screen):
    bottom.show("a text that is longer than theirs")
    screen.write("one line\n")
    bottom.show("below")
    # Before it is drawn again they have to erase what is below.
    screen.write(f"{ERASE}two\n")
    screen.write(f"{ERASE}lines\n")
    bottom.show("below")
    bottom.print("three\nlines\nat once")
    bottom.show("")
    assert screen.text.split("\n") == ["one line", "two", "lines", "three", "lines", "at once"]


def test_a_bar_of_another_process_is_left_alone(bottom, screen):
    bottom.show("below")
    for percent in (5, 50, 100):
        screen.write(f"\r{percent}%")
        bottom.show(f"below {percent}")
    assert screen.text == "100%\nbelow 100"


def test_it_takes_one_row(bottom, screen):
    bottom.show("x" * 200)
    assert screen.text.split("\n") == ["", "x" * 79]


def test_without_it_messages_are_what_they_are():
    stream = io.StringIO()
    BottomLine(stream).print("a message")
    assert stream.getvalue() == "a message\n"


@pytest.mark.parametrize(
    ("term", "stream", "expected"),
    [
        ("xterm", Screen(), True),
        ("dumb", Screen(), False),
        (None, Screen(), False),
        ("xterm", io.StringIO(), False),
    ],
)
def test_what_is_a_terminal(monkeypatch, term, stream, expected):
    monkeypatch.delenv("TERM", raising=False)
    if term:
        monkeypatch.setenv("TERM", term)
    assert is_terminal(stream) == expected
