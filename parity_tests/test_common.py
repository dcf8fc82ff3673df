"""common by itself: systems, contract, random streams, initial weights, layouts, comparisons."""

from itertools import pairwise

import numpy as np
import pytest

from common import UsageError
from common.contract import contract, count_trainable, network_contract
from common.contract.initialisers import initial_state
from common.contract.layouts import to_channels_first, to_channels_last
from common.parity.cases import SHORT, VARIANTS, cases
from common.parity.measure import Disagreement, normwise_error, require
from common.streams import Streams
from common.systems import SYSTEMS, find_system
from common.systems.options import CHOICES, apply_settings, options_of

# Trainable parameters of generator and discriminator, as counted in the sources.
COUNTS = {
    "lsgan_jittor": (15_590_273, 4_330_241),
    "lsgan_keras": (810_657, 138_945),
    "lsgan_pytorch": (1_049_729, 98_113),
    "lsgan_facade": (3_576_704, 2_765_569),
    "dcgan_facade": (3_576_704, 2_765_569),
    "gan_moments": (46, 171),
    "wgan": (3_576_704, 2_765_568),
    "wgan_gp": (1_556_673, 1_030_145),
    "wgan_gp_toy": (527_874, 527_361),  # four linear layers of 512, on two numbers
    "sngan": (3_805_699, 2_935_872),
    "sngan_resnet": (21_623_875, 10_141_441),
    "lsgan_mlp": (1_952_528, 267_009),
    "dcgan_mnist": (6_675_009, 1_102_721),
}
WGAN_COUNTS = [
    (["normalization=none"], (3_574_784, 2_763_776)),
    (["architecture=mlp"], (813_504, 794_881)),
]


@pytest.mark.parametrize("name", SYSTEMS)
def test_parameter_counts_are_the_sources(name: str) -> None:
    system = find_system(name)
    assert (count_trainable(system, "generator"), count_trainable(system, "discriminator")) == (
        COUNTS[name]
    )


@pytest.mark.parametrize(("settings", "counts"), WGAN_COUNTS)
def test_the_options_of_wgan_have_the_source_s_counts(settings, counts) -> None:
    system = apply_settings(find_system("wgan"), settings)
    assert (
        count_trainable(system, "generator"),
        count_trainable(system, "discriminator"),
    ) == counts


def test_wgan_s_readme_generator_has_the_source_s_count() -> None:
    system = apply_settings(find_system("wgan"), ["architecture=mlp", "base_channels=512"])
    assert count_trainable(system, "generator") == 6_880_768


def test_colour_changes_the_counts_of_lsgan_jittor_as_the_source_says() -> None:
    system = apply_settings(find_system("lsgan_jittor"), ["channels=3"])
    assert count_trainable(system, "generator") == 15_591_427
    assert count_trainable(system, "discriminator") == 4_333_441


@pytest.mark.parametrize("name", SYSTEMS)
def test_the_contract_lists_generator_first_and_weight_before_bias_before_buffers(
    name: str,
) -> None:
    tensors = contract(find_system(name))
    networks = [p.network for p in tensors]
    assert networks == sorted(networks, reverse=True)
    assert len({p.full_name for p in tensors}) == len(tensors)
    order = ("weight", "bias", "running_mean", "running_var", "u", "v")
    for first, second in pairwise(tensors):
        if first.network == second.network and first.module == second.module:
            leaves = [order.index(p.name.rpartition(".")[2]) for p in (first, second)]
            assert leaves == sorted(leaves)


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.name)
def test_reduced_cases_change_widths_and_nothing_else(case) -> None:
    reduced, full = options_of(case.system), options_of(find_system(case.system.name))
    changed = {key for key in reduced if key in full and reduced[key] != full[key]}
    widths = {
        "latent_dim",
        "base_channels",
        "dense_features",
        "generator_features",
        "discriminator_features",
    }
    set_options = {setting.partition("=")[0] for setting in case.settings}
    inner_loops = {setting.partition("=")[0] for setting in SHORT.get(case.system.name, ())}
    variants = {
        setting.partition("=")[0]
        for settings in VARIANTS.get(case.system.name, {}).values()
        for setting in settings
    }
    assert changed <= set_options <= widths | inner_loops | variants


def test_the_kind_cycle_has_the_source_s_schedule() -> None:
    """SHORT reduces inner loops; these cases must not."""
    schedules = {case.system.name: case.system for case in cases(kinds=["cycle"])}
    wgan, moments = schedules["wgan"], schedules["gan_moments"]
    assert wgan.schedule.discriminator_steps_at(1) == 100
    assert (moments.schedule.discriminator_steps, moments.schedule.generator_steps) == (20, 20)


def test_the_critic_s_schedule_is_the_source_s() -> None:
    """A hundred updates in the first 25 steps and in every 500th after them, else five."""
    system = find_system("wgan")
    long = [step for step in range(1, 1502) if system.schedule.discriminator_steps_at(step) == 100]
    assert long == [*range(1, 26), 501, 1001, 1501]
    assert {system.schedule.discriminator_steps_at(step) for step in range(1, 1502)} == {5, 100}


@pytest.mark.parametrize(
    ("system", "settings", "message"),
    [
        ("gan_moments", ["loss=wasserstein_gp"], "one score a minibatch"),
        ("lsgan_pytorch", ["loss=wasserstein_gp", "noise_reuse=fresh"], "drops units"),
        ("lsgan_facade", ["loss=wasserstein_gp"], "noise_reuse=fresh"),
        ("wgan", ["architecture=mlp", "normalization=none"], "architecture=mlp does not"),
        ("lsgan_keras", ["noise_reuse=fresh"], "one mixed batch"),
        ("lsgan_mlp", ["noise_reuse=later"], "fresh, same, fake"),
        ("wgan", ["noise_reuse=fake"], "warm-up"),
        ("sngan", ["discriminator_steps=5"], "noise_reuse=fresh"),
        ("wgan", ["architecture=sngan"], "dcgan, mlp"),
        ("sngan", ["architecture=dcgan"], "no option"),
        ("wgan", ["image_size=48"], "power of two"),
        ("sngan", ["image_size=64"], "only 32"),
        ("wgan", ["wasserstein_sign=2"], "1 or -1"),
        ("lsgan_keras", ["dropout=1"], r"\[0, 1\)"),
    ],
)
def test_incompatible_options_are_refused(system, settings, message) -> None:
    with pytest.raises(UsageError, match=message):
        apply_settings(find_system(system), settings)


@pytest.mark.parametrize("loss", CHOICES["loss"])
def test_every_loss_works_with_an_architecture_of_another_source(loss) -> None:
    system = apply_settings(find_system("dcgan_mnist"), [f"loss={loss}"])
    assert system.loss.name == loss


@pytest.mark.parametrize(
    ("assignment", "message"),
    [
        ("base_channels=0", "at least 1"),
        ("base_channels=x", "whole number"),
        ("image_size=100", "multiple of 16"),
        ("learning_rate=-1", "negative"),
        ("learning_rate=nan", "finite"),
        ("beta2=1", r"\[0, 1\)"),
        ("epsilon=0", "positive"),
        ("loss=focal", "least_squares"),
        ("depth=3", "no option 'depth'"),
        ("base_channels", "key=value"),
        ("name=x", "no option 'name'"),
    ],
)
def test_an_invalid_setting_is_refused_with_the_remedy(assignment: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        apply_settings(find_system("lsgan_jittor"), [assignment])


def test_streams_depend_on_seed_role_step_and_nothing_else() -> None:
    def noise(seed, role, step):
        return Streams(seed).noise(role, step, (3, 2), "normal")

    first = noise(0, "generator", 5)
    assert np.array_equal(first, noise(0, "generator", 5))
    for other in (noise(1, "generator", 5), noise(0, "discriminator", 5), noise(0, "generator", 6)):
        assert not np.array_equal(first, other)


PINNED_NORMAL = [1.4029388950937667, 0.1447662212796412]
PINNED_UNIFORM = [-0.7520365341146122, -0.45810171109793396]
PINNED_ORDER = [0, 3, 5, 2, 4, 1]


def test_streams_have_pinned_values() -> None:
    """Recordings of other machines and versions stay comparable only while these are unchanged."""
    noise = Streams(0).noise("generator", 1, (2,), "normal")
    assert noise.tolist() == PINNED_NORMAL
    assert Streams(0).noise("generator", 1, (2,), "uniform_symmetric").tolist() == PINNED_UNIFORM
    assert Streams(3).order(0, 6).tolist() == PINNED_ORDER


def test_an_epoch_visits_every_example_once() -> None:
    assert sorted(Streams(0).order(1, 100).tolist()) == list(range(100))


def test_a_tensor_s_initial_values_do_not_depend_on_its_neighbours() -> None:
    narrow = initial_state(apply_settings(find_system("lsgan_mlp"), ["channels=3"]), 0)
    wide = initial_state(find_system("lsgan_mlp"), 0)
    name = "generator.linear2.weight"
    assert np.array_equal(narrow[name], wide[name])
    assert not np.array_equal(wide[name], initial_state(find_system("lsgan_mlp"), 1)[name])


def test_uniform_fan_in_fills_its_interval() -> None:
    state = initial_state(find_system("dcgan_mnist"), 0)
    for name, fan_in in {
        "generator.linear2.weight": 1024,
        "generator.linear2.bias": 1024,
        "generator.up1.weight": 64 * 16,
        "discriminator.conv2.weight": 32 * 25,
    }.items():
        bound, values = 1 / np.sqrt(fan_in), np.abs(state[name])
        assert 0.97 * bound < values.max() <= bound
        assert 0.4 * bound < values.mean() < 0.6 * bound


@pytest.mark.parametrize("name", SYSTEMS)
def test_channels_last_layouts_round_trip(name: str) -> None:
    case = next(case for case in cases([name]))
    for parameter in network_contract(case.system, "generator"):
        values = np.random.default_rng(0).standard_normal(parameter.shape)
        there = to_channels_last(parameter, values)
        assert np.array_equal(to_channels_first(parameter, there), values)


def test_errors_are_measured_normwise() -> None:
    expected = np.array([3.0, 4.0])
    assert normwise_error(expected + np.array([0.0, 5.0]), expected) == 1.0
    assert normwise_error(expected, np.zeros(2)) == 5.0


@pytest.mark.parametrize(
    "actual",
    [
        np.array([1.0, np.nan]),
        np.array([1.0, np.inf]),
        np.array([[1.0, 2.0]]),
        np.array([2.0, 1.0]),
        np.array([1.0]),
    ],
)
def test_a_comparison_rejects_nan_infinity_shape_and_permutation(actual) -> None:
    with pytest.raises(Disagreement, match="weights"):
        require(actual, np.array([1.0, 2.0]), 1e-3, "weights")


def test_a_comparison_rejects_a_nan_on_both_sides() -> None:
    broken = np.array([np.nan, 1.0])
    with pytest.raises(Disagreement, match="NaN"):
        require(broken, broken, 1.0, "weights")
