# SPDX-License-Identifier: Apache-2.0
"""Stands where an installed package of TorchServe would."""
