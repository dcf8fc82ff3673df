"""What every test may ask for: backends, pins, the book, a browser; and how tests are spread."""

pytest_plugins = [
    "pytester",
    "parity_tests.book",
    "parity_tests.browser",
    "parity_tests.choosing",
    "parity_tests.pinning",
    "parity_tests.spreading",
]
