// Which two definitions are shown side by side; the choice applies to this page and the next ones.
(() => {
  const KEY = "gan-rosetta-pair";
  const show = (left, right) => {
    for (const pair of document.querySelectorAll("details.pair")) {
      pair.dataset.left = left;
      pair.dataset.right = right;
      pair.querySelector('[data-side="left"]').value = left;
      pair.querySelector('[data-side="right"]').value = right;
    }
  };
  const kept = () => {
    try { return (localStorage.getItem(KEY) || "").split(","); } catch { return []; }
  };
  const keep = (left, right) => {
    try { localStorage.setItem(KEY, `${left},${right}`); } catch { /* a page from a file may keep nothing */ }
  };
  document.addEventListener("DOMContentLoaded", () => {
    const [left, right] = kept();
    if (left && right) show(left, right);
  });
  document.addEventListener("change", ({ target }) => {
    const pair = target.closest("details.pair");
    if (!pair) return;
    const before = [pair.dataset.left, pair.dataset.right];
    let [left, right] = [...pair.querySelectorAll("select")].map((select) => select.value);
    // The one that was chosen on the other side changes places.
    if (left === right) [left, right] = [before[1], before[0]];
    show(left, right);
    keep(left, right);
  });
})();
