# SPDX-License-Identifier: Apache-2.0
"""Integrated gradients: captum's where it is installed, else a small implementation that needs torch alone.

Source: Sundararajan, Taly, Yan, "Axiomatic Attribution for Deep Networks", 2017.
"""

import math

from ._optional import have, need


def integrated_gradients(model):
    """Something with captum's ``attribute``, for the model."""
    captum = have("captum.attr")
    return captum.IntegratedGradients(model) if captum is not None else PlainIntegratedGradients(model)


class PlainIntegratedGradients:
    """The integral of the gradient from a baseline to the input, by Gauss and Legendre, as captum approximates it."""

    def __init__(self, forward_func):
        self.forward_func = forward_func

    def attribute(self, inputs, baselines=None, target=None, n_steps=50):
        """How much each number of the inputs says for the class ``target``: an index, or one for each row."""
        torch = need("torch", "an explanation")
        start = torch.zeros_like(inputs) if baselines is None else baselines
        way = inputs - start
        total = torch.zeros_like(inputs)
        with torch.enable_grad():
            for position, weight in gauss_legendre(n_steps):
                point = (start + position * way).detach().requires_grad_(True)
                chosen = _chosen(torch, self.forward_func(point), target)
                (gradient,) = torch.autograd.grad(chosen.sum(), point)
                total += weight * gradient
        return total * way


def _chosen(torch, outputs, target):
    if target is None:
        return outputs
    if isinstance(target, int):
        return outputs[:, target]
    if isinstance(target, tuple):
        return outputs[(slice(None), *target)]
    return outputs.gather(1, torch.as_tensor(target, device=outputs.device).reshape(-1, 1)).squeeze(1)


def gauss_legendre(count):
    """Positions and weights that integrate over 0..1; polynomials of a degree below twice their count exactly."""
    pairs = []
    for number in range(1, count + 1):
        root = math.cos(math.pi * (number - 0.25) / (count + 0.5))
        while True:
            value, slope = _legendre(count, root)
            step = value / slope
            root -= step
            if abs(step) < 1e-15:
                break
        _, slope = _legendre(count, root)
        pairs.append(((1 + root) / 2, 1 / ((1 - root * root) * slope * slope)))
    return pairs


def _legendre(degree, at):
    """The polynomial's value and slope."""
    before, value = 1.0, at
    for n in range(2, degree + 1):
        before, value = value, ((2 * n - 1) * at * value - (n - 1) * before) / n
    return value, degree * (at * value - before) / (at * at - 1)
