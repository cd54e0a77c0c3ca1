// Dark or light: as the system says, until somebody presses the switch.

import { icon } from "./icons.js";

const system = matchMedia("(prefers-color-scheme: dark)");
const listeners = [];

/** Calls `listener` whenever the colours have changed. */
export function onTheme(listener) {
  listeners.push(listener);
}

/** The value of a colour of theme.css. */
export function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

/** Has `button` switch. */
export function themeSwitch(button) {
  const set = (theme) => {
    document.documentElement.dataset.theme = theme;
    const other = theme === "dark" ? "light" : "dark";
    button.replaceChildren(icon(other === "dark" ? "moon" : "sun"));
    button.setAttribute("aria-label", `Switch to ${other} colours`);
    button.title = `Switch to ${other} colours`;
    listeners.forEach((listener) => listener());
  };
  const now = () => document.documentElement.dataset.theme;
  button.addEventListener("click", () => {
    const chosen = now() === "dark" ? "light" : "dark";
    localStorage.setItem("herd.theme", chosen);
    set(chosen);
  });
  system.addEventListener("change", () => {
    if (!localStorage.getItem("herd.theme")) set(system.matches ? "dark" : "light");
  });
  set(now());
}
