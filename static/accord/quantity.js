// Arrow keys move a quantity by its step, Page keys by ten steps, never below its minimum.
// The server stays the judge: this only saves typing.
const KEYS = { ArrowUp: 1, ArrowDown: -1, PageUp: 10, PageDown: -10 };

document.addEventListener("keydown", (event) => {
  const field = event.target.closest("[data-stepper] input");
  const steps = KEYS[event.key];
  if (!field || !steps || field.readOnly) return;
  const now = Number(field.value.replace(/\s/g, "") || 0);
  const step = Number(field.dataset.step || 1);
  const least = Number(field.dataset.min || 0);
  if (Number.isNaN(now) || !(step > 0)) return;
  event.preventDefault();
  const digits = (String(step).split(".")[1] || "").length;
  field.value = Math.max(least, now + steps * step).toFixed(digits);
  field.dispatchEvent(new Event("change", { bubbles: true }));
});
