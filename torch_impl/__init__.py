"""The GANs in PyTorch: eager modules, autograd and torch.optim."""
