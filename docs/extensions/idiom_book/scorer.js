// Which of the pages that hold a query come first. Sphinx takes this in place of its own weights.
var Scorer = {
  score: (result) => {
    const [docname, , anchor, , score, , kind] = result;
    // An index entry stands for its page: with the page's own address it is listed once.
    if (kind === "index") result[2] = "";
    // Tables of every system have the systems' names for headings.
    if (/^(hyperparameters$|results\/)/.test(docname)) return score * 0.6;
    // Words that make up at least half of a heading, in their order.
    if (kind === "title") return score * 3;
    // A page about something answers more than one that lists everything.
    if (docname.startsWith("idioms/") && docname !== "idioms/index") return score * 1.4;
    if (docname.startsWith("systems/") || docname.startsWith("zh/systems/")) return score * 1.2;
    return docname === "differences" && !anchor ? score * 0.8 : score;
  },
  // The rest is Sphinx' own.
  objNameMatch: 11,
  objPartialMatch: 6,
  objPrio: { 0: 15, 1: 5, 2: -5 },
  objPrioDefault: 0,
  title: 15,
  partialTitle: 7,
  term: 5,
  partialTerm: 2,
};
