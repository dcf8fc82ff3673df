// In the head of every page: which two frameworks its listings show, before anything is drawn.
{
  const known = ["torch", "tf", "jax", "jittor"];
  const pair = (text) => {
    const [left, right] = (text || "").split(/[-,]/);
    return known.includes(left) && known.includes(right) && left !== right ? [left, right] : null;
  };
  const kept = (key) => {
    try { return localStorage.getItem(key); } catch { return null; } // a page from a file may keep nothing
  };
  const address = new URLSearchParams(location.search);
  const [left, right] = pair(address.get("pair")) || pair(kept("gan-rosetta-pair")) || ["torch", "jax"];
  const { dataset } = document.documentElement;
  Object.assign(dataset, { left, right });
  dataset.view = address.get("view") || (address.has("pair") ? "pair" : kept("gan-rosetta-view")) || "pair";
  dataset.types = kept("gan-rosetta-types") || "off";
}
