"""The site that `make docs` has built: links, pictures, what is loaded, and a browser's view."""

from __future__ import annotations

import shutil
import threading
from functools import cache, partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urldefrag, urlsplit

import pytest

SITE = Path(__file__).parents[2] / "docs" / "_build" / "html"
LOADS = {"script": "src", "img": "src", "iframe": "src", "source": "src", "link": "href"}
QUESTIONS = 12  # on the landing page

bs4 = pytest.importorskip("bs4", reason="needs beautifulsoup4")
pytestmark = pytest.mark.skipif(
    not (SITE / "index.html").exists(), reason="the site is not built: run make docs"
)


def pages() -> list[Path]:
    """Every page; those that Sphinx makes for its own scripts are none."""
    return sorted(page for page in SITE.rglob("*.html") if "_static" not in page.parts)


@cache
def parsed(page: Path) -> bs4.BeautifulSoup:
    return bs4.BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser")


@cache
def anchors(page: Path) -> set[str]:
    return {tag["id"] for tag in parsed(page).find_all(id=True)}


def targets(page: Path) -> list[tuple[Path, str]]:
    """The files and anchors within the site that a page links to."""
    found = []
    for link in parsed(page).find_all("a", href=True):
        address, anchor = urldefrag(link["href"])
        if not urlsplit(address).scheme:
            file = (page.parent / unquote(address)).resolve() if address else page.resolve()
            found.append((file, unquote(anchor)))
    return found


def test_links_within_the_site_lead_somewhere():
    broken = [
        f"{page.relative_to(SITE)}: {file.name}#{anchor}"
        for page in pages()
        for file, anchor in targets(page)
        if not file.is_file() or (anchor and file.suffix == ".html" and anchor not in anchors(file))
    ]
    assert not broken


def test_pictures_have_a_text_that_says_what_they_show():
    bare = [
        f"{page.relative_to(SITE)}: {picture.get('src')}"
        for page in pages()
        for picture in parsed(page).find_all("img")
        # a thumbnail has its title beside it; the name of a script says nothing
        if not picture["src"].endswith("_thumb.png")
        and (not picture.get("alt") or picture["alt"].startswith("plot "))
    ]
    assert not bare


def test_nothing_is_loaded_from_another_host():
    loaded = [
        f"{page.relative_to(SITE)}: {tag[attribute]}"
        for page in pages()
        for name, attribute in LOADS.items()
        for tag in parsed(page).find_all(name, attrs={attribute: True})
        if urlsplit(tag[attribute]).netloc
    ]
    assert not loaded


def test_the_guide_is_within_two_clicks_of_the_landing_page():
    first = {file for file, _ in targets(SITE / "index.html")}
    second = {file for page in first if page.suffix == ".html" for file, _ in targets(page)}
    guide = set((SITE / "guide").glob("*.html")) | {SITE / "lam.html", SITE / "choose.html"}
    assert guide <= first | second


def test_each_question_of_the_landing_page_is_a_link():
    questions = parsed(SITE / "index.html").find(id="questions").find_all("li")
    assert len(questions) == QUESTIONS
    assert all(question.find("a", href=True) for question in questions)


@pytest.fixture(scope="module")
def address():
    """Of the site, served on this machine."""

    class Handler(SimpleHTTPRequestHandler):
        def log_message(self, *args):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=SITE)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture(scope="module")
def browser():
    """A headless Chromium, that of the system."""
    webdriver = pytest.importorskip("selenium.webdriver", reason="needs selenium")
    programs = [shutil.which(name) for name in ("chromium", "chromedriver")]
    if None in programs:
        pytest.skip("needs chromium and chromedriver")
    options = webdriver.ChromeOptions()
    options.binary_location = programs[0]
    for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options, webdriver.ChromeService(programs[1]))
    yield driver
    driver.quit()


def test_no_page_has_an_error_in_the_console(browser, address):
    errors = []
    for page in pages():
        browser.get(f"{address}/{page.relative_to(SITE).as_posix()}")
        errors += [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE"]
    assert not errors


def test_the_search_finds_the_budget(browser, address):
    from selenium.webdriver.common.by import By
    from selenium.webdriver.support.ui import WebDriverWait

    browser.get(f"{address}/search.html?q=budget")
    links = WebDriverWait(browser, 20).until(
        lambda driver: driver.find_elements(By.CSS_SELECTOR, "#search-results li a")
    )
    assert any("guide/budget" in link.get_attribute("href") for link in links)


def test_a_picture_can_be_opened_alone(browser, address):
    for name in ("index", "regularizers", "gallery/tables/plot_budget"):
        browser.get(f"{address}/{name}.html")
        pictures, same = browser.execute_script(
            "const all = [...document.querySelectorAll('.bd-article img')];"
            "return [all.length, all.filter((img) => img.closest('a')?.href === img.src).length]"
        )
        assert pictures == same > 0, name


def test_no_page_is_wider_than_a_phone(browser, address):
    browser.set_window_size(500, 900)
    for name in ("index", "choose", "guide/budget", "gallery/tables/plot_budget"):
        browser.get(f"{address}/{name}.html")
        width, shown = browser.execute_script(
            "return [document.documentElement.scrollWidth, window.innerWidth]"
        )
        assert width <= shown, name
