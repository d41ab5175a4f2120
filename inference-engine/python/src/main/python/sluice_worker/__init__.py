# SPDX-License-Identifier: Apache-2.0
"""The process that a Python handler runs in: it listens, takes one model and then batches of requests."""
