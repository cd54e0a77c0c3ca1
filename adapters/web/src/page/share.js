// A link that shows the selected client for a while to whoever has it.

import { clientPath, post } from "./api.js";
import { byId, say } from "./dom.js";

const FOR = "2h";
const OFF = "Links are off: the server has no share-key-file.";

export class Share {
  isOn = false;
  #id = null;

  constructor() {
    byId("share").addEventListener("click", () => this.#make());
    byId("copy").addEventListener("click", () => this.#copy());
  }

  /** Another client is selected. */
  of(id) {
    this.#id = id;
    byId("shared-link").hidden = true;
    byId("share").disabled = !this.isOn;
    say(byId("share-said"), this.isOn ? "" : OFF);
  }

  async #make() {
    const id = this.#id;
    try {
      const { url } = await post(clientPath(id, "/share"), { for: FOR });
      if (id !== this.#id) return;
      byId("share-url").value = url;
      byId("shared-link").hidden = false;
      byId("share-url").select();
      say(byId("share-said"), "Whoever has this link sees this client, and nothing else, for 2 hours.");
    } catch (problem) {
      say(byId("share-said"), problem.message);
    }
  }

  /** A browser gives the clipboard to pages of safe origins alone; elsewhere the link is selected. */
  async #copy() {
    byId("share-url").select();
    await navigator.clipboard?.writeText(byId("share-url").value).then(() => say(byId("share-said"), "Copied."), () => {});
  }
}
