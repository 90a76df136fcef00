// "/" goes to the search field from anywhere outside a field; Escape closes the open menu.
const isTyping = (target) => target.closest("input, select, textarea, [contenteditable]") !== null;

document.addEventListener("keydown", (event) => {
  if (event.key === "/" && !event.ctrlKey && !event.metaKey && !event.altKey && !isTyping(event.target)) {
    const field = document.querySelector("[data-search]");
    if (field) {
      event.preventDefault();
      field.focus();
      field.select();
    }
  }
  if (event.key === "Escape") {
    const open = document.querySelector("details.ac-menu[open]");
    if (open) {
      open.open = false;
      open.querySelector("summary").focus();
    }
  }
});

// One menu at a time, and a click beside it closes it.
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.ac-menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});
