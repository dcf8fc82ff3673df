"""Compile Jittor and the kernels of a GAN for GPUs, on a machine that has none."""
