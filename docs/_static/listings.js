// Which frameworks the listings show: by the columns' headings, by buttons, by keys, in the address.
(() => {
  const BACKENDS = ["torch", "tf", "jax", "jittor"];
  const WIDE = matchMedia("(min-width: 2200px)");
  const root = document.documentElement;
  const state = root.dataset;
  const isChinese = root.lang.startsWith("zh");

  const keep = (key, value) => {
    try { localStorage.setItem(`gan-rosetta-${key}`, value); } catch { /* a page from a file may keep nothing */ }
  };

  // The listing that is being read, which stays where it is while others change their heights.
  const inView = () => [...document.querySelectorAll(".ways")].find((each) => each.getBoundingClientRect().bottom > 80);

  const apply = (listing = inView()) => {
    const before = listing?.getBoundingClientRect().top;
    root.dataset.shown = state.view === "all" && WIDE.matches ? "all" : "pair";
    for (const button of document.querySelectorAll('[data-do="types"]')) button.setAttribute("aria-pressed", state.types === "on");
    for (const button of document.querySelectorAll('[data-do="all"]')) button.setAttribute("aria-pressed", state.shown === "all");
    for (const side of document.querySelectorAll(".side")) side.querySelector("select").value = side.dataset.backend;
    notes();
    if (listing) scrollBy({ top: listing.getBoundingClientRect().top - before, behavior: "instant" });
  };

  // The notes on what differs between the frameworks that are shown.
  const notes = () => {
    const pair = BACKENDS.filter((each) => each === state.left || each === state.right).join("-");
    for (const each of document.querySelectorAll(".ways [data-pairs]")) {
      each.hidden = state.shown === "pair" && !each.dataset.pairs.split(" ").includes(pair);
    }
    for (const each of document.querySelectorAll(".ways-notes")) {
      const shown = [...each.querySelectorAll("li:not([hidden])")];
      shown.forEach((item, at) => {
        item.value = at + 1;
        const links = each.closest(".ways").querySelectorAll(`a.note[href="#${item.id}"]`);
        for (const link of links) link.textContent = at + 1;
      });
      each.querySelector("summary span").textContent = shown.length;
      each.hidden = shown.length === 0;
    }
  };

  const address = () => {
    if (!document.querySelector(".ways")) return;
    const url = new URL(location);
    url.searchParams.set("pair", `${state.left}-${state.right}`);
    url.searchParams.delete("view");
    if (state.shown === "all") url.searchParams.set("view", "all");
    try { history.replaceState(history.state, "", url); } catch { /* some browsers refuse it for a file */ }
  };

  const remember = () => {
    keep("pair", `${state.left},${state.right}`);
    keep("view", state.view);
    keep("types", state.types);
    address();
  };

  const change = (values, listing) => {
    Object.assign(state, values);
    apply(listing);
    remember();
  };

  // A framework that is already on the other side changes places.
  const choose = (side, backend, listing) => {
    const other = side === "left" ? "right" : "left";
    const values = { [side]: backend, view: "pair" };
    if (state[other] === backend) values[other] = state[side];
    change(values, listing);
  };

  const actions = {
    types: (listing) => change({ types: state.types === "on" ? "off" : "on" }, listing),
    swap: (listing) => change({ left: state.right, right: state.left, view: "pair" }, listing),
    all: (listing) => change({ view: state.view === "all" ? "pair" : "all" }, listing),
    keys: () => keys().showModal(),
  };

  const KEYS = isChinese
    ? [["1 2 3 4", "左栏：PyTorch、TensorFlow、JAX、Jittor"], ["Shift + 1 2 3 4", "右栏"], ["x", "左右交换"], ["t", "显示或收起类型与文档字符串"], ["a", "四个框架并排（窗口宽于 2200 像素）"], ["n  p", "下一个、上一个代码清单"], ["?", "本说明"]]
    : [["1 2 3 4", "left: PyTorch, TensorFlow, JAX, Jittor"], ["Shift + 1 2 3 4", "right"], ["x", "swap left and right"], ["t", "show or fold types and docstrings"], ["a", "all four (from 2200 pixels)"], ["n  p", "next, previous listing"], ["?", "these keys"]];

  const keys = () => {
    let dialog = document.querySelector("dialog.ways-keys");
    if (!dialog) {
      dialog = document.createElement("dialog");
      dialog.className = "ways-keys";
      const list = document.createElement("dl");
      for (const [key, what] of KEYS) {
        for (const [tag, text] of [["dt", key], ["dd", what]]) list.append(Object.assign(document.createElement(tag), { textContent: text }));
      }
      const form = Object.assign(document.createElement("form"), { method: "dialog" });
      form.append(Object.assign(document.createElement("button"), { textContent: isChinese ? "关闭" : "Close" }));
      dialog.append(list, form);
      document.body.append(dialog);
    }
    return dialog;
  };

  const step = (by) => {
    const tops = [...document.querySelectorAll(".ways")].map((each) => [each, each.getBoundingClientRect().top - 70]);
    const next = by > 0 ? tops.find(([, top]) => top > 8) : tops.findLast(([, top]) => top < -8);
    next?.[0].scrollIntoView({ behavior: "instant", block: "start" });
  };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
    if (event.target.closest?.("input, select, textarea, dialog, [contenteditable]") || !document.querySelector(".ways")) return;
    // By its place: Shift and a digit are other characters on other keyboards.
    const digit = /^(?:Digit|Numpad)([1-4])$/.exec(event.code);
    const action = { t: "types", x: "swap", a: "all", "?": "keys" }[event.key];
    if (digit) choose(event.shiftKey ? "right" : "left", BACKENDS[digit[1] - 1]);
    else if (action) actions[action](action === "keys" ? null : inView());
    else if (event.key === "n" || event.key === "p") step(event.key === "n" ? 1 : -1);
    else return;
    event.preventDefault();
  });

  document.addEventListener("click", ({ target }) => {
    const button = target.closest("[data-do]");
    if (button) actions[button.dataset.do](button.closest(".ways"));
    const note = target.closest("a.note");
    if (note) document.getElementById(note.hash.slice(1))?.closest("details")?.setAttribute("open", "");
  });

  document.addEventListener("change", ({ target }) => {
    const side = target.closest(".side");
    if (!side || target.tagName !== "SELECT") return;
    const chosen = target.value;
    const listing = side.closest(".ways");
    choose(side.dataset.backend === state.right ? "right" : "left", chosen, listing);
    listing.querySelector(`.side[data-backend="${chosen}"] select`).focus();
  });

  WIDE.addEventListener("change", () => {
    apply();
    address();
  });
  document.addEventListener("DOMContentLoaded", () => {
    apply(null);
    if (document.querySelector(".ways")) remember();
  });
})();
