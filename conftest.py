"""What every test may ask for: here, so that pytest finds its options wherever it is started."""

pytest_plugins = ["parity_tests.choosing", "parity_tests.pinning", "parity_tests.spreading"]
