# SPDX-License-Identifier: Apache-2.0
"""A handler as most people write one: a class with a model that is read once."""

import json
import os

from ts.torch_handler.base_handler import BaseHandler


class Prices(BaseHandler):
    def initialize(self, context):
        properties = context.system_properties
        with open(os.path.join(properties["model_dir"], "prices.json")) as file:
            self.prices = json.load(file)
        self.manifest = context.manifest
        self.properties = properties
        self.settings = context.model_yaml_config
        self.initialized = True

    def handle(self, data, context):
        return [self.price(row.get("data") or row.get("body")) for row in data]

    def price(self, name):
        name = name if isinstance(name, str) else bytes(name).decode()
        return {
            "price": self.prices[name],
            "currency": self.settings["handler"]["currency"],
            "version": self.manifest["model"]["modelVersion"],
            "batch_size": self.properties["batch_size"],
            "gpu_id": self.properties["gpu_id"],
        }
