// Elements. What comes from a server gets into the page as text alone.

/** The element of the page with that id. */
export const byId = (id) => document.getElementById(id);

/** A new element with that class, and that text or those elements in it. */
export function element(name, className, ...content) {
  const made = document.createElement(name);
  if (className) made.className = className;
  made.append(...content);
  return made;
}

/** Shows a text in an element, or hides the element where there is none. */
export function say(where, text) {
  where.hidden = !text;
  if (where.textContent !== (text || "")) where.textContent = text || "";
}

/** A button. */
export function button(text, press, label) {
  const made = element("button", "", text);
  made.type = "button";
  if (label) made.setAttribute("aria-label", label);
  made.addEventListener("click", press);
  return made;
}

/** A row that can be pressed: a name, and what else is to be said of it. */
export function row(name, more, press) {
  const content = [element("span", "name", name), element("span", "more", more)];
  const inner = press ? button("", press) : element("div");
  inner.replaceChildren(...content);
  return element("li", "", inner);
}
