"""The search of the site: English words, and Chinese by single characters and pairs of them."""

import re
from itertools import pairwise

from sphinx.search.en import SearchEnglish

HAN = "\\u3400-\\u4dbf\\u4e00-\\u9fff"  # the same escapes in Python's and JavaScript's expressions
RUNS = re.compile(f"([{HAN}]+)|((?:(?![{HAN}])\\w)+)")
# A query's pairs must all occur in a page; a character on its own is looked up by itself.
SPLIT_QUERY = f"""
var splitQuery = (query) => [...query.matchAll(
  /([{HAN}]+)|((?:(?![{HAN}])[\\p{{Letter}}\\p{{Number}}_])+)/gu
)].flatMap(([, han, word]) => {{
  if (!han || han.length === 1) return han || word;
  return [...han].slice(1).map((character, place) => han[place] + character);
}});
"""


class English(SearchEnglish):
    """Sphinx' English, which takes a run of Chinese for one word, made to read Chinese too."""

    js_splitter_code = SPLIT_QUERY

    def split(self, input: str) -> list[str]:
        """English words; of Chinese, every character and every pair of neighbours."""
        words: list[str] = []
        for han, word in RUNS.findall(input):
            pairs = map("".join, pairwise(han))
            words += [word] if word else [*han, *pairs]
        return words
