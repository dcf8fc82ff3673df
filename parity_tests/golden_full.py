"""The figures of Jittor's own LSGAN at full width, checked in a process of their own."""

import numpy as np

from common.backends import load
from common.contract import network_contract
from common.systems import find_system
from parity_tests.golden import Golden, check_figure, check_number, draw

BOUND = "golden_jittor"


def check_full_width(backend_name: str) -> None:
    backend = load(backend_name, device="cpu", dtype="float64", exact=True)
    golden = Golden("jittor-lsgan", find_system("lsgan_jittor"))
    figures, interop, steps = golden.figures, backend.interop, backend.steps
    gan, canonical = backend.gan.build(golden.system, golden.state()), interop.to_canonical
    # The figures were taken with one noise for both networks, unlike the system's own schedule.
    real, noise = interop.to_native(golden.images("x")), interop.to_native(draw("z1", (2, 1024)))
    losses, fake, grads_d = steps.discriminator_gradients(
        gan.generator, gan.discriminator, real, noise, loss=gan.discriminator_loss
    )
    check_figure(figures["fake1"], canonical(fake), "fake1", BOUND, "fake")
    check_number(figures["loss_d"], canonical(losses["loss"]), BOUND, "loss_d")
    contracts = {
        net: network_contract(golden.system, net) for net in ("generator", "discriminator")
    }
    check_statistics(figures, interop.read_network(gan.discriminator, contracts["discriminator"]))
    loss_g, _, grads_g = steps.generator_gradients(
        gan.generator, gan.discriminator, noise, loss=gan.generator_loss
    )
    check_number(figures["loss_g"], canonical(loss_g), BOUND, "loss_g")
    gradients = interop.read_gradients(grads_d, gan.discriminator, contracts["discriminator"])
    gradients |= interop.read_gradients(grads_g, gan.generator, contracts["generator"])
    for name in golden.names():
        if ".conv.bias" not in name or not name.split(".")[1].startswith("block"):
            golden.check(f"grad_{name[0]}", name, gradients[name], "", BOUND)


def check_statistics(figures: dict, statistics: dict[str, np.ndarray]) -> None:
    for index, (mean, variance) in enumerate(figures["running_d"].values()):
        prefix = f"discriminator.block{index + 1}.norm.running"
        for figure, leaf in ((mean, "mean"), (variance, "var")):
            key = f"D.bn{index}.{leaf}"
            check_figure(figure, statistics[f"{prefix}_{leaf}"], key, BOUND, key)
