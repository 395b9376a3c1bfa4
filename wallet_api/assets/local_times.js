// Whether times are also shown in the time zone of the browser.

import { h } from "./dom.js";

const KEY = "wallet-api.local-times";

const shown = () => sessionStorage.getItem(KEY) !== null;
const apply = () => document.documentElement.classList.toggle("local-times", shown());

export function localTimeButton() {
  const toggle = () => {
    if (shown()) sessionStorage.removeItem(KEY);
    else sessionStorage.setItem(KEY, "shown");
    button.setAttribute("aria-pressed", apply());
  };
  const button = h("button", { type: "button", onclick: toggle, "aria-pressed": String(apply()) }, "Local time");
  return button;
}
