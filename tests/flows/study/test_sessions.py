"""Whole sessions in a browser: from disk and with the collector, with reloads, wrong inputs and lost connections."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from flows.study.collect import Collector
from flows.study.written import read_designs
from pipeline.study.answers import Answer, AnswerReader
from pipeline.study.design import PREDICTION, PREFERENCE
from tests.flows.run_cases import FinishedRun, invoke
from tests.flows.study.browser import address_of, answer_all, begin, chromium, needs_chromium, visitor
from tests.flows.study.small_study import OPTIONS, design_of, make_study

pytestmark = needs_chromium
PROTOCOLS = [PREFERENCE, PREDICTION]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as found:
        yield found


@pytest.fixture(scope="module")
def studies(finished_run: FinishedRun, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("studies")
    return {name: make_study(finished_run.config, folder / name, name) for name in OPTIONS}


def downloaded(page: Any, folder: Path) -> tuple[Path, str]:
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()
    path = folder / download.value.suggested_filename
    download.value.save_as(path)
    return path, path.read_text()


def read_answers(study: Path, text: str) -> list[Answer]:
    return AnswerReader(read_designs(study / "design.json")).read(text, "answers.csv")


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_session_from_disk(browser: Any, studies: dict[str, Path], tmp_path: Path, protocol: str) -> None:
    study = studies[protocol]
    with visitor(browser) as one:
        page = one.page
        page.goto(address_of(study, protocol) + "#form=2")
        page.get_by_role("button", name="Start").click()
        assert page.get_by_role("alert").first.inner_text() == "Please choose a group."
        page.get_by_label("prefer not to say").check()
        page.get_by_role("button", name="Start").click()
        assert "take part" in page.get_by_role("alert").first.inner_text()
        page.locator("#consent").check()
        page.get_by_role("button", name="Start").click()
        # Next without a choice, and keys that mean nothing.
        page.get_by_role("button", name="Next").click()
        assert page.get_by_role("alert").last.inner_text() == "Please choose one of the two."
        for key in ("3", "x", "Escape"):
            page.keyboard.press(key)
        assert page.locator('input[name="choice"]:checked').count() == 0
        page.locator("#prompt").focus()
        page.keyboard.press("2")
        page.keyboard.press("Enter")
        chosen = ["right", *answer_all(page, until=4)]
        shown = page.locator("#options").inner_html()
        page.reload()
        assert page.locator("#count").inner_text().startswith("Question 4 of ")
        assert page.locator("#options").inner_html() == shown
        chosen += answer_all(page)
        path, text = downloaded(page, tmp_path)
        assert one.errors == []
        assert one.loaded
        assert all(address.startswith(("file://", "blob:", "data:")) for address in one.loaded)
    answers = read_answers(study, text)
    assert [answer.choice for answer in answers] == chosen
    assert [answer.position for answer in answers] == list(range(1, len(design_of(study)["forms"][1]) + 1))
    assert {(answer.form, answer.group) for answer in answers} == {(2, "prefer not to say")}
    assert all(answer.seconds >= 0 for answer in answers)
    result = invoke("study", "analyse", path, "--design", study / "design.json", "--failed-checks-allowed", 9)
    assert result.exit_code == 0, result.output
    assert (tmp_path / "analysis" / "analysis.html").exists()


@contextmanager
def collecting(study: Path) -> Iterator[Collector]:
    with Collector(study, 0) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_sessions_with_the_collector_survive_lost_connections(
    browser: Any, finished_run: FinishedRun, tmp_path: Path, protocol: str
) -> None:
    study = make_study(finished_run.config, tmp_path / "study", protocol)
    with collecting(study) as server:
        address = f"{server.url}{protocol}.html"
        with visitor(browser) as one:
            page = one.page
            begin(page, address)
            answer_all(page, until=2)
            page.route("**/answers", lambda route: route.abort())
            answer_all(page, until=3)
            page.reload()
            answer_all(page, until=4)
            page.unroute("**/answers")
            answer_all(page)
            page.get_by_text("All your answers were received").wait_for()
            assert one.errors == []
            assert all(asked.startswith((server.url, "blob:", "data:")) for asked in one.loaded)
        with visitor(browser) as other:
            begin(other.page, address, group="man")
            other.page.route("**/answers", lambda route: route.abort())
            answer_all(other.page)
            other.page.get_by_text("could not be sent yet").wait_for()
            other.page.unroute("**/answers")
            other.page.get_by_role("button", name="Send again").click()
            other.page.get_by_text("All your answers were received").wait_for()
    answers = read_answers(study, (study / "answers.csv").read_text())
    per_form = len(design_of(study)["forms"][0])
    assert [(answer.form, answer.group) for answer in answers] == [(1, "woman")] * per_form + [(2, "man")] * per_form
    assert len({answer.session for answer in answers}) == 2
    assert invoke("study", "analyse", study / "answers.csv", "--simulations", 0).exit_code == 0


def test_what_the_browser_kept_is_believed_only_where_it_fits(browser: Any, studies: dict[str, Path]) -> None:
    study = studies[PREFERENCE]
    key = f"sane-study-{design_of(study)['study']}"
    state = '{"session":"%s","form":%s,"group":"woman","answers":[%s],"sent":0}'
    answer = '{"choice":"left","seconds":1}'
    fits = state % ("0" * 16, 0, answer)
    kept = {
        "not json": 1,
        "null": 1,
        "[]": 1,
        state % ("someone", 0, ""): 1,
        state % ("0" * 16, 9999, ""): 1,
        state % ("0" * 16, 0, '{"choice":"up","seconds":1}'): 1,
        fits: 0,
    }
    with visitor(browser) as one:
        one.page.goto(address_of(study, PREFERENCE))
        for value, is_new in kept.items():
            one.page.evaluate("([key, value]) => localStorage.setItem(key, value)", [key, value])
            one.page.reload()
            assert one.page.locator("#intro").is_visible() == bool(is_new), value
        assert one.page.locator("#count").inner_text().startswith("Question 2 ")
        assert one.errors == []


def test_a_browser_that_keeps_nothing_says_so_and_serves_all_the_same(
    browser: Any, studies: dict[str, Path], tmp_path: Path
) -> None:
    study = studies[PREDICTION]
    refuse = "Object.defineProperty(window, 'localStorage', { get() { throw new Error('no'); } });"
    with visitor(browser) as one:
        one.page.goto(address_of(study, PREDICTION))
        assert not one.page.locator("#no-storage").is_visible()
        one.page.add_init_script(refuse)
        begin(one.page, address_of(study, PREDICTION) + "?again")
        assert one.page.locator("#no-storage").is_visible()
        chosen = answer_all(one.page)
        assert [answer.choice for answer in read_answers(study, downloaded(one.page, tmp_path)[1])] == chosen
        assert one.errors == []


def test_answers_can_be_taken_back_and_the_next_person_starts_anew(browser: Any, studies: dict[str, Path]) -> None:
    study = studies[PREFERENCE]
    with visitor(browser) as one:
        page = one.page
        begin(page, address_of(study, PREFERENCE))
        answer_all(page, until=3)
        page.once("dialog", lambda dialog: dialog.dismiss())
        page.get_by_role("button", name="Stop and delete").click()
        assert page.locator("#ask").is_visible()
        page.once("dialog", lambda dialog: dialog.accept())
        page.get_by_role("button", name="Stop and delete").click()
        page.get_by_text("Nothing had been sent.").wait_for()
        page.reload()
        assert page.locator("#intro").is_visible()
        begin(page, address_of(study, PREFERENCE))
        answer_all(page)
        first = page.locator("#session").inner_text()
        page.get_by_role("button", name="Next person").click()
        assert not page.locator("#consent").is_checked()
        begin(page, address_of(study, PREFERENCE))
        answer_all(page)
        assert page.locator("#session").inner_text() != first


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_are_accessible_and_fit_a_phone(
    browser: Any, studies: dict[str, Path], protocol: str, scheme: str
) -> None:
    from axe_playwright_python.sync_playwright import Axe

    def check(page: Any, where: str) -> None:
        found = [violation["id"] for violation in Axe().run(page).response["violations"]]
        assert found == [], where
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), where

    with visitor(browser, width=390, scheme=scheme) as one:
        page = one.page
        page.goto(address_of(studies[protocol], protocol))
        page.get_by_role("button", name="Start").click()
        check(page, "the start")
        begin(page, address_of(studies[protocol], protocol))
        page.get_by_role("button", name="Next").click()
        for number in range(1, len(design_of(studies[protocol])["forms"][0]) + 1):
            answer_all(page, until=number)
            check(page, f"question {number}")
        answer_all(page)
        check(page, "the end")
        # The checks can fail.
        page.evaluate("document.body.insertAdjacentHTML('beforeend', '<img src=x style=\"width:500px\">')")
        with pytest.raises(AssertionError):
            check(page, "a page with an image without a text")
