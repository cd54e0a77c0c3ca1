// Runs before anything is drawn, so that a page in the dark does not flash white.
document.documentElement.dataset.theme = localStorage.getItem("herd.theme")
  || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
