# SPDX-License-Identifier: Apache-2.0
"""The version of TorchServe whose interface for handlers this package offers."""

__version__ = "0.12.0"
