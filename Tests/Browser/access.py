"""Whether everybody can use a page."""

import os

import axe_core_python


def check_access(browser, name):
    """What axe-core finds against WCAG 2.2 A and AA, once colors that are changing have come to rest."""
    with open(os.path.join(os.path.dirname(axe_core_python.__file__), "axe.min.js")) as source:
        browser.run(source.read())
    faults = browser.run_async("""
        const done = arguments[arguments.length - 1];
        const changes = document.getAnimations().filter((animation) => animation instanceof CSSTransition);
        Promise.allSettled(changes.map((change) => change.finished)).then(() =>
            axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"] })).then((found) => done(
                found.violations.map((fault) => [fault.id, fault.impact, fault.nodes.map((node) => node.html)])))""")
    assert faults == [], (name, faults)
