"""Screenshots of every page, to be looked at: python -m tests.browser.shots ADDRESS FOLDER PASSWORD ROLE=EMAIL...

Roles are rep, manager, marketer, admin and newcomer (somebody whose pages are empty); each is shown what it opens,
at phone and desk width, light and dark. "LIST > LINK" is the page that the first such link of the list leads to.
"""

import sys
from pathlib import Path
from urllib.parse import urljoin

from playwright.sync_api import sync_playwright

from tests.browser.chromium import ARGUMENTS, CHROMIUM, DESK, PHONE

PAGES = {
    "rep": {
        "queue": "/queue/",
        "queue-today": "/queue/?tab=today",
        "queue-all": "/queue/?tab=all",
        "work": "/work/?tab=all",
        "lead": "FIRST",
        "lead-edit": "FIRST?edit=address",
        "list": "/leads/",
        "profile": "/profile/",
        "notices": "/notices/",
    },
    "manager": {"list-manager": "/leads/"},
    "marketer": {
        "list-marketer": "/leads/?grade=C&grade=D",
        "list-bad": "/leads/?score_from=many",
        "list-none": "/leads/?q=nobodyofthisname",
        "new": "/leads/new/",
        "lead-reader": "FIRST",
        "imports": "/imports/",
        "import": "/imports/ > main th a",
        "import-new": "/imports/new/",
    },
    "admin": {
        "status": "/status/",
        "answers": "/answers/",
        "answers-of-one": "/answers/budget/",
        "workspace": "/workspace/",
        "mail": "/mail/",
        "mail-read": "/mail/ > main th a",
        "admin": "/admin/",
        "admin-models": "/admin/scoring/scoringmodel/",
        "admin-model": "/admin/scoring/scoringmodel/?status__exact=published > #result_list th a",
        "admin-stage": "/admin/leads/stagedefinition/ > #result_list th a",
    },
    "newcomer": {
        "notices-empty": "/notices/",
        "queue-empty": "/queue/",
        "work-empty": "/work/",
        "list-empty": "/leads/",
    },
}


def main(address, folder, password, *people):
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    emails = dict(person.split("=") for person in people)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        for role, email in emails.items():
            for size, viewport in (("phone", PHONE), ("desk", DESK)):
                context = browser.new_context(viewport=viewport, base_url=address)
                page = context.new_page()
                _sign_in(page, email, password)
                for scheme in ("light", "dark"):
                    page.emulate_media(color_scheme=scheme)
                    for name, path in PAGES[role].items():
                        _open(page, address, path)
                        wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
                        page.screenshot(path=folder / f"{name}-{size}-{scheme}.png", full_page=True)
                        sys.stdout.write(f"{name}-{size}-{scheme}{f' too wide by {wide}' if wide > 0 else ''}\n")
                context.close()
        browser.close()


def _sign_in(page, email, password):
    page.goto("/sign-in/")
    page.fill("input[name=username]", email)
    page.fill("input[name=password]", password)
    page.press("input[name=password]", "Enter")
    page.wait_for_url(lambda url: "/sign-in/" not in url)


def _open(page, address, path):
    if path.startswith("FIRST"):
        page.goto("/leads/?side=sales")
        first = page.locator(".cell-name a").first.get_attribute("href")
        path = urljoin(address, first) + path.removeprefix("FIRST")
    path, _, link = path.partition(" > ")
    page.goto(path)
    if link:
        page.goto(urljoin(address, page.locator(link).first.get_attribute("href")))


if __name__ == "__main__":
    main(*sys.argv[1:])
