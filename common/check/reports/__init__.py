"""What `rosetta check` shows: text, a page, JSON and JUnit."""
