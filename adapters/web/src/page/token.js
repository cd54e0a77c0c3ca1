// The token by which this page has rights: asked for when the server wants one, kept in the tab alone.

import { byId } from "./dom.js";

const KEY = "herd.token";
let asking = null;

/** What a request says of who asks. */
export function credentials() {
  const token = sessionStorage.getItem(KEY);
  return token ? { Authorization: `Bearer ${token}` } : {};
}

/** Asks for a token, once at a time; whether one was given. */
export function askForToken() {
  asking ??= ask().finally(() => { asking = null; });
  return asking;
}

function ask() {
  const dialog = byId("token");
  const value = byId("token-value");
  if (sessionStorage.getItem(KEY)) {
    byId("token-why").textContent = "Paste a token that has the right: this one has not, or is not known.";
    sessionStorage.removeItem(KEY);
  }
  value.value = "";
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    byId("token-cancel").onclick = () => dialog.close("");
    byId("token-form").onsubmit = (event) => {
      event.preventDefault();
      dialog.close("given");
    };
    dialog.onclose = () => {
      const token = value.value.trim();
      value.value = "";
      const given = dialog.returnValue === "given" && token !== "";
      if (given) sessionStorage.setItem(KEY, token);
      resolve(given);
    };
  });
}
