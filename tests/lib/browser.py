# SPDX-License-Identifier: Apache-2.0
"""Opens a page in headless Chromium and tells what a script finds in it."""

import html
import json
import os
import re
import shutil

NAMES = ["chromium", "chromium-browser", "google-chrome"]
# What the script in the page says goes into an attribute, which is in the page that is printed.
FRAME = """<script><![CDATA[
(function () {
  const told = { errors: window.flameErrors };
  function click(x, y) {
    const at = document.elementFromPoint(x, y);
    at.dispatchEvent(new MouseEvent("click", { bubbles: true, clientX: x, clientY: y }));
  }
  try {
    %s
  } catch (e) {
    told.errors.push(String(e));
  }
  document.documentElement.setAttribute("data-told", JSON.stringify(told));
})();
]]></script>"""
LISTEN = """<script><![CDATA[
window.flameErrors = [];
window.addEventListener("error", (e) => window.flameErrors.push(e.message));
]]></script>"""


def find():
    return next((path for path in map(shutil.which, NAMES) if path), None)


def look(t, path, script, width=1200):
    """The object `told` that script (JavaScript, in the page when it is loaded) has filled."""
    browser = find()
    if not browser:
        t.skip("needs chromium, which is not installed")
    with open(path, encoding="utf-8") as f:
        page = f.read()
    page = page.replace("<style>", LISTEN + "<style>", 1).replace("</svg>", FRAME % script + "</svg>")
    copy = t.file("page.svg", page)
    r = t.sh(browser, "--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr", "--no-first-run",
             f"--user-data-dir={os.path.join(t.tmp, 'profile')}", f"--window-size={width},600", "--dump-dom",
             f"file://{copy}", seconds=100)  # fmt: skip
    complaints = re.findall(r".*CONSOLE.*", r.err)
    t.eq(complaints, [], "the browser complains")
    m = re.search(r' data-told="([^"]*)"', r.out)
    t.check(m, r.describe())
    told = json.loads(html.unescape(m[1]))
    t.eq(told.pop("errors"), [], "errors in the page")
    return told
