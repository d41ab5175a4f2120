# SPDX-License-Identifier: Apache-2.0
"""The network of the digits model as code, for its weights in digits.pt."""

import torch
from torch import nn


class DigitNet(nn.Module):
    """Two small convolutions and two linear layers; logits, no softmax."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 16, kernel_size=3, padding=1)
        self.conv2 = nn.Conv2d(16, 32, kernel_size=3, padding=1)
        self.pool = nn.MaxPool2d(2)
        self.drop = nn.Dropout(0.3)
        self.fc1 = nn.Linear(32 * 4 * 4, 32)
        self.fc2 = nn.Linear(32, 10)

    def forward(self, image):
        x = torch.relu(self.conv1(image))
        x = self.pool(torch.relu(self.conv2(x)))
        x = self.drop(torch.flatten(x, 1))
        return self.fc2(torch.relu(self.fc1(x)))
