"use strict";
// What is wrong with the form that was sent gets the focus, so that a keyboard and a screen reader begin there.
addEventListener("load", () => document.querySelector("[data-focus]")?.focus());
