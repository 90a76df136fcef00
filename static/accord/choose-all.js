// "Choose all" ticks every box of its form, and unticks them when all are ticked. Without this script its link shows the
// page again with all ticked; the script keeps what was typed.
const boxesOf = (link) => [...link.closest("form").querySelectorAll(`input[type=checkbox][name="${link.dataset.choose}"]`)];

const tell = (link) => {
  const boxes = boxesOf(link);
  link.textContent = boxes.every((box) => box.checked) ? link.dataset.none : link.dataset.all;
};

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-choose]");
  if (!link) return;
  event.preventDefault();
  const boxes = boxesOf(link);
  const wanted = !boxes.every((box) => box.checked);
  for (const box of boxes) box.checked = wanted;
  tell(link);
});

document.addEventListener("change", (event) => {
  const form = event.target.closest("form");
  const link = form && form.querySelector("a[data-choose]");
  if (link && event.target.name === link.dataset.choose) tell(link);
});
