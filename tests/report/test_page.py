"""The page in a real browser: it loads in silence, filters, unfolds, and needs no network."""

import dataclasses
import json
import os
import re
import shutil
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
from specimens import EVERY, TRAP, right, wrong

import gradproof as gp
from gradproof.records.failure import Failure, Fault, Place
from gradproof.report.document import Document
from gradproof.report.renderers.html import index, page

BROWSER, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--hide-scrollbars", "--window-size=1100,1400",
)  # fmt: skip


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    if not (BROWSER and DRIVER):
        # A machine that is to say whether all is well has to have one.
        assert os.environ.get("CI") != "true", "chromium and chromedriver are missing"
        pytest.skip("chromium and chromedriver are missing")
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = BROWSER
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(DRIVER))
    yield driver
    driver.quit()


def opened(browser, path):
    from selenium.webdriver.support.ui import WebDriverWait

    browser.get(path.as_uri())
    ready = lambda d: d.execute_script("return document.body.dataset.ready")
    WebDriverWait(browser, 60).until(ready)
    return browser


def told(browser, script):
    return browser.execute_script(f"return {script}")


def silent(browser):
    assert browser.get_log("browser") == []


def saved(report, tmp_path):
    report.save(tmp_path / "report.html")
    return tmp_path / "report.html"


# Words of letters or figures that stand on several lines, though they would fit on one.
BROKEN = """
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), broken = [];
  while (walker.nextNode()) {
    const text = walker.currentNode;
    if (text.parentElement.closest("script, style, svg")) continue;
    for (const word of text.data.matchAll(/(?<![\\p{L}\\d])[\\p{L}\\d]{2,16}(?![\\p{L}\\d])/gu)) {
      const range = document.createRange();
      range.setStart(text, word.index);
      range.setEnd(text, word.index + word[0].length);
      const lines = new Set([...range.getClientRects()].map((box) => Math.round(box.top)));
      if (lines.size > 1) broken.push(word[0]);
    }
  }
  return broken;
"""


def broken_words(browser):
    return browser.execute_script(BROKEN)


VISIBLE = "[...document.querySelectorAll('details.block')].filter(b => b.offsetHeight > 0)"


@pytest.mark.slow
def test_it_loads_in_silence_and_draws(browser, tmp_path):
    report = wrong()
    opened(browser, saved(report, tmp_path))
    silent(browser)
    assert told(browser, f"{VISIBLE}.length") == len(report.blocks)
    drawn = 1 + sum(bool(block.measured) for block in report.blocks)
    assert told(browser, "document.querySelectorAll('figure svg').length") == drawn
    assert told(browser, "document.querySelector('h1 b').textContent") == "wrong"
    assert told(browser, "performance.getEntriesByType('resource').length") == 0


@pytest.mark.slow
def test_an_error_on_the_console_would_be_seen(browser, tmp_path):
    page = saved(wrong(), tmp_path)
    page.write_text(page.read_text("utf-8").replace("sift();", "sift(); undefined.x;", 1), "utf-8")
    browser.get(page.as_uri())
    assert any(entry["level"] == "SEVERE" for entry in browser.get_log("browser"))


@pytest.mark.slow
def test_blocks_are_filtered_by_name_and_by_verdict(browser, tmp_path):
    opened(browser, saved(wrong(), tmp_path))
    search = browser.find_element("id", "search")
    search.send_keys("W'")
    assert told(browser, f"{VISIBLE}.map(b => b.dataset.name)") == ["params['W']"]
    assert told(browser, "document.getElementById('count').value") == "1 of 6 blocks"
    search.clear()
    search.send_keys("nothing is called so")
    assert told(browser, f"{VISIBLE}.length") == 0
    search.clear()
    search.send_keys(" ")
    browser.find_element("css selector", "input[value=wrong]").click()
    assert told(browser, f"{VISIBLE}.map(b => b.dataset.verdict)") == ["correct"] * 4
    silent(browser)


@pytest.mark.slow
def test_a_block_unfolds_to_findings_code_and_plots(browser, tmp_path):
    from gradproof.demo.network import article_test_case, broken_backprop, cost

    X, Y, params = article_test_case()
    report = gp.check(cost, params, grad=broken_backprop, args=(X, Y))
    opened(browser, saved(report, tmp_path))
    first = browser.find_element("css selector", "details.block")
    assert first.get_attribute("open")  # what is wrong stands open
    inside = first.find_element("css selector", ".inside")
    assert "4× too large" in inside.text
    assert report.findings[0].line.text in inside.text
    assert inside.find_elements("css selector", "figure svg")
    first.find_element("css selector", "summary").click()
    assert not inside.is_displayed()
    last = browser.find_elements("css selector", "details.block")[-1]
    assert not last.get_attribute("open")
    last.find_element("css selector", "summary").click()
    assert "correct below" in last.find_element("css selector", ".inside").text


@pytest.mark.slow
def test_names_are_text_and_never_run(browser, tmp_path):
    path = saved(wrong(), tmp_path)
    opened(browser, path)
    names = told(browser, f"{VISIBLE}.map(b => b.dataset.name)")
    assert f"params[{TRAP!r}]" in names
    assert "<b>cost</b> & more" in told(browser, "document.querySelector('h1 bdi').textContent")
    silent(browser)  # alert(1) would have stopped it all
    text = path.read_text("utf-8")
    assert TRAP not in re.sub(r"<script.*?</script>", "", text, flags=re.DOTALL)
    assert text.count("<script") == 2


@pytest.mark.slow
def test_it_is_readable_on_a_phone_and_in_the_dark(browser, tmp_path):
    path = saved(wrong(), tmp_path)
    try:
        browser.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": 360, "height": 844, "deviceScaleFactor": 2, "mobile": True},
        )
        features = [{"name": "prefers-color-scheme", "value": "dark"}]
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
        opened(browser, path)
        assert told(browser, "document.documentElement.scrollWidth") <= 360
        assert broken_words(browser) == []
        paper = told(browser, "getComputedStyle(document.body).backgroundColor")
        assert sum(map(int, re.findall(r"\d+", paper))) < 150
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
    opened(browser, path)
    assert told(browser, "getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"


@pytest.mark.slow
def test_on_paper_everything_that_is_not_right_is_unfolded(browser, tmp_path):
    opened(browser, saved(wrong(), tmp_path))
    browser.execute_script(
        "for (const b of document.querySelectorAll('details')) b.open = false;"
        "dispatchEvent(new Event('beforeprint'));"
    )
    unfolded = "[...document.querySelectorAll('details[open]')].map(b => b.dataset.verdict)"
    assert told(browser, unfolded) == ["wrong", "wrong"]
    browser.execute_script("dispatchEvent(new Event('afterprint'));")
    assert told(browser, unfolded) == []
    assert len(browser.execute_cdp_cmd("Page.printToPDF", {})["data"]) > 10_000


@pytest.mark.slow
@pytest.mark.parametrize("make", EVERY.values(), ids=EVERY)
def test_every_report_makes_a_page(make, browser, tmp_path):
    opened(browser, saved(make(), tmp_path))
    silent(browser)


@pytest.mark.slow
def test_a_whole_run_is_one_page(browser, tmp_path):
    place = Place("/folder/model.py", 7, "<lambda>")
    failure = Failure("<i>c.py:f", Fault.CODE, "It raised.", "Trace <b>back", place)
    document = Document((("one", right()), ("two", wrong())), (failure,))
    (tmp_path / "run.html").write_text(page(document), "utf-8")
    opened(browser, tmp_path / "run.html")
    silent(browser)
    headings = told(browser, "[...document.querySelectorAll('h2 bdi')].map(h => h.textContent)")
    assert headings == ["two", "one", "<i>c.py:f"]  # worst first
    assert "Trace <b>back" in told(browser, "document.body.textContent")
    assert "model.py:7, in <lambda>" in told(browser, "document.body.textContent")
    links = told(browser, "[...document.querySelectorAll('nav a')].map(a => a.textContent)")
    assert links[:3] == ["<i>c.py:f", "two", "one"]  # the index: what gave no report comes first


SHOWN = "[...document.querySelectorAll('section.report')].filter(s => !s.hidden).map(s => s.id)"
LISTED = "[...document.querySelectorAll('li.entry')].filter(s => !s.hidden).length"


@pytest.mark.slow
def test_the_filter_of_a_run_finds_checks_and_blocks(browser, tmp_path):
    failure = Failure("three", Fault.CODE, "It raised.", "Trace")
    document = Document((("one", right()), ("two", wrong())), (failure,))
    (tmp_path / "run.html").write_text(page(document), "utf-8")
    opened(browser, tmp_path / "run.html")
    assert len(told(browser, SHOWN)) == told(browser, LISTED) == 3
    search = browser.find_element("id", "search")
    search.send_keys("two")  # a check: all its blocks
    assert told(browser, SHOWN) == ["check-1"]
    assert told(browser, f"{VISIBLE}.length") == 6
    assert told(browser, LISTED) == 1
    assert told(browser, "document.getElementById('count').value") == (
        "1 of 3 checks, 6 of 12 blocks"
    )
    search.clear()
    search.send_keys("['W']")  # a block: of both checks
    assert told(browser, SHOWN) == ["check-1", "check-2"]
    search.clear()
    search.send_keys("three")
    assert told(browser, SHOWN) == ["error-1"]
    silent(browser)


@pytest.mark.slow
def test_findings_stand_before_the_picture_and_lead_to_their_blocks(browser, tmp_path):
    report = wrong()
    opened(browser, saved(report, tmp_path))
    first = "document.querySelector('nav[aria-label^=findings]')"
    assert told(browser, f"{first}.getBoundingClientRect().bottom") < told(
        browser, "document.querySelector('figure').getBoundingClientRect().top"
    )
    assert told(browser, f"{first}.querySelectorAll('li').length") == len(report.findings)
    browser.execute_script(
        "for (const b of document.querySelectorAll('details')) b.open = false;"
        "const search = document.getElementById('search'); search.value = 'nothing';"
        "search.dispatchEvent(new Event('input', {bubbles: true}));"
    )
    assert told(browser, f"{VISIBLE}.length") == 0
    browser.find_elements("css selector", "nav[aria-label^=findings] a")[1].click()
    told(browser, "new Promise(done => setTimeout(done, 100))")
    named = f"{VISIBLE}.map(b => [b.dataset.name, b.open])"
    assert told(browser, named) == [[report.findings[1].block, True]]
    silent(browser)


# What the rules of axe-core say of a page like ours, as far as it depends on the templates.
STRUCTURE = """
  const all = (what) => [...document.querySelectorAll(what)], wrong = [];
  const must = (so, what) => { if (!so) wrong.push(what); };
  const named = (e) => e.getAttribute("aria-label") || e.labels?.length;
  must(document.documentElement.lang === "en", "lang");
  must(document.title, "title");
  must(all("h1").length === 1, "one h1");
  must(all("main").length === 1 && all("body > header").length === 1, "landmarks");
  const outside = [...document.body.children].filter(
    (e) => !e.matches("header, main, script, [role=search]"));
  must(outside.length === 0, "outside of landmarks");
  const levels = all("h1, h2, h3").map((h) => +h.tagName[1]);
  must(levels.every((level, i) => level <= (levels[i - 1] ?? 0) + 1), "levels of headings");
  must(all("input, select").every(named), "labels of inputs");
  must(all("nav, section, [role=img], [role=group]").every(named), "names");
  must(all("img").every((e) => e.alt), "alternative texts");
  must(all("a").every((e) => e.textContent.trim() && e.getAttribute("href")), "links");
  must(all("th").every((e) => e.scope), "heads of tables");
  const ids = all("[id]").map((e) => e.id);
  must(new Set(ids).size === ids.length, "ids");
  must(all('a[href^="#"]').every((a) => document.getElementById(a.hash.slice(1))), "anchors");
  const scrolls = all("main *").filter(
    (e) => e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).overflowX === "auto");
  must(scrolls.every((e) => e.tabIndex === 0), "what scrolls can be reached with the keyboard");
  return wrong;
"""


def of_a_run():
    return page(Document(
        (("folder/test_a_file.py::test_one[1-2]", right()), ("two", wrong())),
        (Failure("three", Fault.CODE, "It raised.", "Trace " + "x" * 300),), ("four",),
    ))  # fmt: skip


def of_long_names():
    report, long = wrong(), "params['encoder.layers.11.self_attention.projection_weight']"
    named = [dataclasses.replace(one, name=f"{long}[{one.name}]") for one in report.blocks]
    return page(Document((("one", dataclasses.replace(report, blocks=tuple(named))),)))


def of_an_index():
    return index([
        {"label": f"folder/test_a_rather_long_name_of_a_file.py::test_{verdict}", "href": "a.html",
         "verdict": verdict, "evaluations": 1234567, "resolution": 1e-9}
        for verdict in ("correct", "wrong", "undecided")
    ])  # fmt: skip


PAGES = {
    "one": lambda: page(Document((("one", wrong()),))),
    "long": of_long_names, "run": of_a_run, "index": of_an_index,
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("width", [360, 1100])
@pytest.mark.parametrize("kind", PAGES)
def test_a_page_can_be_read_with_the_keyboard_and_aloud(browser, tmp_path, kind, width):
    path = tmp_path / "page.html"
    path.write_text(PAGES[kind](), "utf-8")
    try:
        browser.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": width, "height": 844, "deviceScaleFactor": 1, "mobile": width < 500},
        )
        browser.get(path.as_uri()) if kind == "index" else opened(browser, path)
        assert browser.execute_script(STRUCTURE) == []
        assert broken_words(browser) == []
        assert told(browser, "document.documentElement.scrollWidth") <= width
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


@pytest.mark.slow
def test_the_rules_see_what_they_are_for(browser, tmp_path):
    opened(browser, saved(wrong(), tmp_path))
    browser.execute_script(
        "document.documentElement.lang = ''; document.querySelector('h1').remove();"
        "document.body.append(document.createElement('p'));"
        "document.querySelector('main').append(document.createElement('h3'));"
        "document.querySelector('label').remove();"
        "document.querySelector('nav').removeAttribute('aria-label');"
        "document.querySelector('nav a').href = '#nowhere';"
        "document.body.style.overflowWrap = 'anywhere';"
        "document.querySelector('header').style.width = '4em';"
    )
    assert browser.execute_script(STRUCTURE) == [
        "lang", "one h1", "outside of landmarks", "levels of headings", "labels of inputs",
        "names", "anchors",
    ]  # fmt: skip
    assert broken_words(browser)


def colours(css):
    """The variables of the two colour schemes, light and dark."""
    found = re.findall(r":root \{(.*?)\}", css, re.DOTALL)
    return [dict(re.findall(r"--([\w]+): (#\w+)", part)) for part in found[:2]]


def contrast(one, other):
    """As WCAG 2.2 defines it."""

    def light(colour):
        short = colour.removeprefix("#")
        whole = "".join(c * 2 for c in short) if len(short) == 3 else short
        parts = [int(whole[i : i + 2], 16) / 255 for i in (0, 2, 4)]
        linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    high, low = sorted((light(one), light(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_letters_stand_out_from_the_paper():
    assert contrast("#fff", "#000") == pytest.approx(21)
    assert contrast("#777", "#fff") < 4.5  # the nearest grey that is too light
    css = Path(str(files("gradproof.report") / "templates" / "page.css")).read_text("utf-8")
    light, dark = colours(css)
    for scheme in (light, dark):
        for ink in ("ink", "dim", "link", "correct", "suspect", "wrong", "undecided"):
            for paper in ("paper", "soft"):
                assert contrast(scheme[ink], scheme[paper]) >= 4.5, (ink, paper)


@pytest.mark.slow
def test_a_hundred_wrong_blocks_stay_below_a_megabyte(tmp_path):
    rng = np.random.default_rng(0)
    point = {f"encoder.layers.{i}.weight": rng.normal(size=(4, 4)) for i in range(100)}
    report = gp.check(
        lambda p: float(sum(np.sum(np.tanh(v)) for v in p.values())), point, effort="sweep",
        grad=lambda p: {k: (2 + i) / np.cosh(v) ** 2 for i, (k, v) in enumerate(p.items())},
    )  # fmt: skip
    assert all(block.measured for block in report.blocks)
    path = saved(report, tmp_path)
    assert path.stat().st_size < 1_000_000
    pictures = re.search(r'id="pictures">(.*?)</script>', path.read_text("utf-8"), re.DOTALL)
    assert len(json.loads(pictures.group(1))) == 101


def test_nothing_in_it_points_to_the_network(tmp_path):
    text = saved(wrong(), tmp_path).read_text("utf-8")
    assert not re.search(r"(src|href)\s*=\s*[\"']?(https?:)?//", text)
    assert "@import" not in text
    assert "default-src 'none'" in text


@pytest.mark.slow
def test_an_index_leads_to_the_pages(browser, tmp_path):
    rows = [
        {"label": "a <b>", "verdict": "correct", "href": "a b#1.html", "evaluations": 19,
         "resolution": 1e-9, "headline": ""},
        {"label": "c", "verdict": "wrong", "href": "c.html", "evaluations": 99,
         "resolution": 1e-9, "headline": ""},
    ]  # fmt: skip
    path = Path(tmp_path / "index.html")
    path.write_text(index(rows), "utf-8")
    (tmp_path / "a b#1.html").write_text("<title>found</title>", "utf-8")
    browser.get(path.as_uri())
    assert told(browser, "[...document.links].map(a => a.textContent)") == ["c", "a <b>"]
    told(browser, "document.links[1].click()")
    assert browser.title == "found"
