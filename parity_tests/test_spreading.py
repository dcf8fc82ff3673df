"""Which tests stay together when they are spread over workers."""

import pytest

from common import ROOT
from parity_tests.spreading import BY_BACKEND, BY_TEST, LONGEST, group_of


def test_every_file_that_is_named_exists() -> None:
    for name in (*LONGEST, *BY_TEST, *BY_BACKEND):
        assert (ROOT / "parity_tests" / f"test_{name}.py").is_file(), name


@pytest.mark.parametrize(
    ("test", "group"),
    [
        ("test_networks.py::test_every_tensor_agrees[jax-loss-wgan/reduced-float64]", "networks"),
        ("test_golden.py::test_losses_and_fakes[sn-gan-jax]", "golden/jax"),
        ("test_golden.py::test_losses_and_fakes[sn-gan-tf]", "golden/tf"),
        ("test_stopping.py::test_a_signal[15]", "stopping/test_a_signal"),
        ("test_common.py::test_streams", "common"),
        ("test_docs.py::test_every_link_between_pages_resolves", "book"),
        ("test_book_search.py::test_chinese", "book"),
    ],
)
def test_a_test_belongs_to_its_group(test, group) -> None:
    assert group_of(f"parity_tests/{test}") == group


def test_a_group_stays_with_one_worker(pytester) -> None:
    """With ten tests of one file and two workers, all ten run in the same worker."""
    pytester.makeconftest("pytest_plugins = ['parity_tests.spreading']")
    pytester.makepyfile(
        "import os, pytest\n"
        "@pytest.mark.parametrize('number', range(10))\n"
        "def test_worker(number):\n"
        "    with open(os.environ['WORKERS'], 'a') as file:\n"
        "        print(os.environ['PYTEST_XDIST_WORKER'], file=file)\n"
    )
    workers = pytester.path / "workers"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WORKERS", str(workers))
        patch.setenv("PYTHONPATH", str(ROOT))
        result = pytester.runpytest_subprocess("-n", "2", "-p", "no:cacheprovider")
    result.assert_outcomes(passed=10)
    assert len(set(workers.read_text().split())) == 1
