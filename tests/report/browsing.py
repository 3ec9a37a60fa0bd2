"""Reports in a real browser, Debian's chromium without a screen: opened, and audited."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@contextmanager
def opened(
    browser: Browser, folder: Path, width: int = 1280, *, unfold: bool = True, **settings
) -> Iterator[Page]:
    """Open a report and its folds; in the end, see that it asked for nothing and complained of nothing."""
    context = browser.new_context(viewport={"width": width, "height": 844}, **settings)
    page = context.new_page()
    complaints, requests = [], []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("dialog", lambda dialog: complaints.append(dialog.message))
    page.on("request", lambda request: requests.append(request.url))
    address = (folder / "report.html").as_uri()
    page.goto(address)
    if unfold:
        page.eval_on_selector_all("details.fold", "folds => folds.forEach(fold => { fold.open = true })")
    yield page
    context.close()
    assert not complaints
    assert [url for url in requests if url != address and not url.startswith("blob:")] == []


def audit(page: Page, rules: list[str] | None = None) -> list[tuple[str, str, str]]:
    """Return what axe finds to hold against a page, by all its rules or by some."""
    found = Axe().run(page, options={"runOnly": rules} if rules else None).response["violations"]
    return [(v["impact"], v["id"], v["nodes"][0]["html"]) for v in found]
