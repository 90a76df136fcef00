// The quote builder tells discount, margin and net while prices are typed. What counts is what the
// server answers when the draft is saved: these figures are a preview and are marked as one.
(() => {
  const form = document.getElementById("builder");
  if (!form) return;
  const locale = document.documentElement.lang || "en";
  const parts = new Intl.NumberFormat(locale).formatToParts(1234.5);
  const mark = (type, plain) => (parts.find((part) => part.type === type) || { value: plain }).value;
  const group = mark("group", ","), decimal = mark("decimal", ".");
  const read = (text) => {
    const plain = text.trim().split(group).join("").replace(decimal, ".");
    return /^\d+(\.\d+)?$/.test(plain) ? Number(plain) : null;
  };
  const write = (number, digits) =>
    number === null ? "–" : new Intl.NumberFormat(locale, { minimumFractionDigits: digits, maximumFractionDigits: digits }).format(number);
  const percent = (number) => (number === null ? "–" : `${write(number, 1)} %`);
  const show = (row, name, text) => {
    const cell = row.querySelector(`[data-show="${name}"]`);
    const place = cell.querySelector("b") || cell;
    if (place === cell && cell.firstChild && cell.firstChild.nodeType === Node.TEXT_NODE) cell.firstChild.nodeValue = text;
    else if (place === cell) cell.prepend(text);
    else place.textContent = text;
  };
  const total = document.querySelector("#net-total b");
  const label = document.getElementById("net-label");

  const tell = () => {
    let sum = 0;
    for (const row of form.querySelectorAll("[data-line]")) {
      const price = read(row.querySelector("[name$='-unit_price']").value);
      const quantity = read(row.querySelector("[name$='-quantity']").value);
      // In another unit the figures beside the price are the server's to tell, when it is saved.
      const same = row.querySelector("[name$='-unit_key']").value === row.dataset.unit;
      const beside = (name) => (same && row.dataset[name] ? Number(row.dataset[name]) : null);
      const usual = beside("usual"), cost = beside("cost"), floor = beside("floor");
      const net = price === null || quantity === null ? null : Math.round(price * quantity * 100) / 100;
      const removed = row.querySelector("[name$='-DELETE']").checked;
      const below = price !== null && floor !== null && price < floor;
      row.classList.toggle("edge-bad", below);
      row.querySelector('[data-show="below"]').hidden = !below;
      row.classList.toggle("is-gone", removed);
      show(row, "discount", percent(price === null || !usual ? null : ((usual - price) / usual) * 100));
      show(row, "margin", percent(!price || cost === null ? null : ((price - cost) / price) * 100));
      show(row, "net", write(net, 2));
      if (!removed) sum += net || 0;
    }
    total.textContent = write(sum, 2);
    label.textContent = label.dataset.typed;
  };
  form.addEventListener("input", tell);

  // Alt and the arrow keys stay in the column.
  form.addEventListener("keydown", (event) => {
    if (!event.altKey || !["ArrowUp", "ArrowDown"].includes(event.key)) return;
    const column = (event.target.name || "").split("-").pop();
    const fields = [...form.querySelectorAll(`[name$="-${column}"]:not([type="hidden"])`)];
    const next = fields[fields.indexOf(event.target) + (event.key === "ArrowDown" ? 1 : -1)];
    if (!next) return;
    event.preventDefault();
    next.focus();
    if (next.select) next.select();
  });
})();
