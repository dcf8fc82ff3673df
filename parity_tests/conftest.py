"""What every test may ask for: backends, pins, and how tests are spread over workers."""

pytest_plugins = [
    "pytester",
    "parity_tests.choosing",
    "parity_tests.pinning",
    "parity_tests.spreading",
]
