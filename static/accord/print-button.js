/* A button that prints the page; without script it stays hidden and the browser's own menu does it. */
(() => {
  for (const button of document.querySelectorAll("[data-print]")) {
    button.hidden = false;
    button.addEventListener("click", () => window.print());
  }
})();
