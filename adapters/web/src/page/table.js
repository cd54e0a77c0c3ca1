// What is on screen, as a table: for those who do not see the map, and those who want to read.

import { ageOf } from "./ages.js";
import { byId, button, element, say } from "./dom.js";
import { clients as people, coordinates, count, span } from "./format.js";

/** Seconds between two looks at who is on screen. Ages are kept up with each second. */
const LOOK = 3;

export class Table {
  #page;
  #select;
  #rows = new Map();
  #body = byId("table");
  #ticks = 0;

  constructor(page, select) {
    this.#page = page;
    this.#select = select;
    page.map.on("moveend", () => this.show());
  }

  tick() {
    this.#ticks += 1;
    if (this.#ticks % LOOK === 0) this.show();
    else this.#ages();
  }

  get #isHidden() {
    return byId("view-screen").hidden;
  }

  show() {
    if (this.#isHidden) return;
    const { points, clients } = this.#page;
    const ids = points.shown.rows.map((row) => clients.id[row]).filter(Boolean).sort();
    this.#keep(new Set(ids));
    // Rows that stay are left alone, so that the focus stays, too.
    ids.forEach((id, at) => {
      const row = this.#rows.get(id) ?? this.#add(id);
      if (this.#body.children[at] !== row) this.#body.insertBefore(row, this.#body.children[at] ?? null);
    });
    this.#ages();
    const { count: all } = points.shown;
    const some = all > ids.length && ids.length > 0 ? `${count(ids.length)} of ${people(all)} on screen` : `${people(all)} on screen`;
    say(byId("table-said"), some);
  }

  #keep(ids) {
    for (const [id, row] of this.#rows) {
      if (ids.has(id)) continue;
      row.remove();
      this.#rows.delete(id);
    }
  }

  #add(id) {
    const name = button(id, () => this.#select(id));
    name.title = id;
    const row = element("tr", "", element("td", "", name), element("td"), element("td"));
    this.#rows.set(id, row);
    return row;
  }

  #ages() {
    if (this.#isHidden) return;
    const { clients } = this.#page;
    for (const [id, { children: [, where, age] }] of this.#rows) {
      const row = clients.find(id);
      if (row === undefined) continue;
      const [place, old] = [coordinates(clients.lat[row], clients.lng[row]), span(ageOf(clients, row))];
      if (where.textContent !== place) where.textContent = place;
      if (age.textContent !== old) age.textContent = old;
    }
  }
}
