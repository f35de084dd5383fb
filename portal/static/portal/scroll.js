"use strict";
// What scrolls sideways can be reached by the keyboard, and is named after the heading that it stands under.
function reachable() {
  for (const box of document.querySelectorAll(".table-responsive, .scroll, .timeline, .agreement")) {
    const scrolls = box.scrollWidth > box.clientWidth || box.scrollHeight > box.clientHeight;
    box.toggleAttribute("tabindex", scrolls);
    if (!scrolls) { for (const name of ["role", "aria-label", "aria-labelledby"]) box.removeAttribute(name); continue; }
    box.tabIndex = 0;
    box.setAttribute("role", "group");
    box.setAttribute("aria-label", heading(box));
  }
}
function heading(box) {
  const before = [...document.querySelectorAll("h1, h2, h3, summary, caption, .control strong")];
  const last = before.filter((h) => h.compareDocumentPosition(box) & Node.DOCUMENT_POSITION_FOLLOWING).pop();
  return (last || document.querySelector("h1")).textContent.trim();
}
addEventListener("load", reachable);
addEventListener("resize", reachable);
addEventListener("toggle", reachable, true);
