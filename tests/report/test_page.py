"""The page in a real browser: it loads in silence, filters, unfolds, and needs no network."""

import json
import os
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from specimens import EVERY, TRAP, right, wrong

import gradproof as gp
from gradproof.records.failure import Failure, Fault
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


VISIBLE = "[...document.querySelectorAll('details.block')].filter(b => b.offsetHeight > 0)"


@pytest.mark.slow
def test_it_loads_in_silence_and_draws(browser, tmp_path):
    report = wrong()
    opened(browser, saved(report, tmp_path))
    silent(browser)
    assert told(browser, f"{VISIBLE}.length") == len(report.blocks)
    drawn = 1 + sum(bool(block.measured) for block in report.blocks)
    assert told(browser, "document.querySelectorAll('figure svg').length") == drawn
    assert told(browser, "document.querySelector('h2 b').textContent") == "wrong"
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
    assert "<b>cost</b> & more" in told(browser, "document.querySelector('h2 bdi').textContent")
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
            {"width": 390, "height": 844, "deviceScaleFactor": 2, "mobile": True},
        )
        features = [{"name": "prefers-color-scheme", "value": "dark"}]
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
        opened(browser, path)
        assert told(browser, "document.documentElement.scrollWidth") <= 390
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
    failure = Failure("<i>c.py:f", Fault.CODE, "It raised.", "Trace <b>back")
    document = Document((("one", right()), ("two", wrong())), (failure,))
    (tmp_path / "run.html").write_text(page(document), "utf-8")
    opened(browser, tmp_path / "run.html")
    silent(browser)
    headings = told(browser, "[...document.querySelectorAll('h2 bdi')].map(h => h.textContent)")
    assert headings == ["two", "one", "<i>c.py:f"]  # worst first
    assert "Trace <b>back" in told(browser, "document.body.textContent")


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
