// The catalogue of differences: filters that stand in the address, and links that open their entry.
document.addEventListener("DOMContentLoaded", () => {
  const form = document.querySelector("form.catalogue-filters");
  if (!form) return;
  const entries = [...document.querySelectorAll("section.difference")].map((section) => {
    const row = section.querySelector("details");
    return { section, row, asked: false, words: null };
  });
  const output = form.querySelector("output");
  const unfold = form.querySelector(".unfold");
  const FIELDS = ["q", "pair", "topic", "size", "silent"];

  const settings = () => new URLSearchParams(
    [...new FormData(form)].map(([name, value]) => [name, value.trim()]).filter(([, value]) => value),
  );

  // Everything an entry says, but not the source of its test.
  const wordsOf = (entry) => {
    if (entry.words === null) {
      const parts = entry.row.querySelectorAll(":scope > :not(.sd-dropdown)");
      entry.words = `${entry.row.dataset.name} ${[...parts].map((part) => part.textContent).join(" ")}`.toLowerCase();
    }
    return entry.words;
  };

  const fits = (entry, wanted) => {
    const { pairs, topic, size, silent } = entry.row.dataset;
    const words = (wanted.get("q") || "").toLowerCase().split(/\s+/);
    return (!wanted.has("pair") || pairs.split(" ").includes(wanted.get("pair")))
      && (!wanted.has("topic") || topic === wanted.get("topic"))
      && (!wanted.has("size") || size === wanted.get("size"))
      && (!wanted.has("silent") || silent === "1")
      && words.every((word) => wordsOf(entry).includes(word));
  };

  const apply = () => {
    const wanted = settings();
    let fitting = 0;
    const counts = new Map();
    for (const entry of entries) {
      const fit = fits(entry, wanted);
      fitting += fit;
      entry.section.hidden = !fit && !entry.asked;
      if (fit) counts.set(entry.row.dataset.topic, (counts.get(entry.row.dataset.topic) || 0) + 1);
    }
    for (const section of new Set(entries.map(({ section }) => section.parentElement))) {
      section.hidden = !section.querySelector("section.difference:not([hidden])");
    }
    for (const count of document.querySelectorAll(".catalogue-topics .count")) {
      count.textContent = counts.get(count.dataset.topic) || 0;
      count.parentElement.classList.toggle("empty", !counts.has(count.dataset.topic));
    }
    output.textContent = `${fitting} of ${entries.length}`;
  };

  const changed = () => {
    for (const entry of entries) entry.asked = false;
    apply();
    const query = settings().toString();
    history.replaceState(null, "", location.pathname + (query && `?${query}`));
  };

  const read = () => {
    const asked = new URLSearchParams(location.search);
    for (const name of FIELDS) {
      const field = form.elements[name];
      const value = asked.get(name) || "";
      if (field.type === "checkbox") field.checked = value === field.value;
      else field.value = value;
      // A value that the list does not have leaves a list without a choice.
      if (field.selectedIndex === -1) field.value = "";
    }
  };

  // A link to an entry shows it unfolded, even if a filter would hide it.
  const open = () => {
    const name = decodeURIComponent(location.hash.slice(1));
    const entry = entries.find(({ section }) => section.id === name);
    if (entry) {
      entry.asked = true;
      entry.row.open = true;
      apply();
    }
    const place = document.getElementById(name);
    if (place?.closest("[hidden]")) {
      form.reset();
      changed();
    }
    place?.scrollIntoView({ behavior: "instant" });
  };

  const folded = () => entries.some(({ section, row }) => !section.hidden && !row.open);
  const name = () => { unfold.textContent = folded() ? "Unfold all" : "Fold all"; };
  unfold.addEventListener("click", () => {
    const all = folded();
    for (const { section, row } of entries) if (!section.hidden) row.open = all;
    name();
  });
  document.addEventListener("toggle", name, true);
  form.addEventListener("input", changed);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(changed));
  addEventListener("hashchange", open);
  addEventListener("popstate", () => { read(); apply(); });

  form.hidden = false;
  read();
  apply();
  if (location.hash) open();
});
