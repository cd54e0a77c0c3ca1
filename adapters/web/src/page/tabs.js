// Tabs: one is shown; arrow keys go from one to the next (WAI-ARIA's pattern).

export function tabs(box, shown) {
  const all = [...box.querySelectorAll('[role="tab"]')];
  const choose = (chosen) => {
    for (const tab of all) {
      tab.setAttribute("aria-selected", String(tab === chosen));
      tab.tabIndex = tab === chosen ? 0 : -1;
      document.getElementById(tab.getAttribute("aria-controls")).hidden = tab !== chosen;
    }
    shown(chosen.id);
  };
  const steps = { ArrowRight: 1, ArrowLeft: -1 };
  for (const tab of all) {
    tab.addEventListener("click", () => choose(tab));
    tab.addEventListener("keydown", ({ key }) => {
      if (!(key in steps)) return;
      const next = all[(all.indexOf(tab) + steps[key] + all.length) % all.length];
      choose(next);
      next.focus();
    });
  }
}
