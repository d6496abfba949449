"""How different two colours look (CIEDE2000), and how they look to people who lack a kind of cone, or in grey.

Differences after Sharma, Wu & Dalal (2005), Color Res Appl 30:21. Sight after Machado, Oliveira & Fernandes (2009), IEEE
Trans Vis Comput Graph 15:1291, matrices for complete loss; they act on linear light.
"""

from __future__ import annotations

from typing import Any

import numpy as np

SIGHT: dict[str, Any] = {
    "ordinary": np.eye(3),
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
    "grey": [[0.2126729, 0.7151522, 0.0721750]] * 3,
}
TO_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)


def seen(colour: str, sight: str) -> Any:
    """CIE Lab (D65) of a colour "#rrggbb" as it is seen."""
    srgb = np.array([int(colour[i : i + 2], 16) / 255.0 for i in (1, 3, 5)])
    linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    xyz = TO_XYZ @ np.clip(np.asarray(SIGHT[sight]) @ linear, 0.0, 1.0) / (TO_XYZ @ np.ones(3))
    f = np.where(xyz > (6 / 29) ** 3, np.cbrt(xyz), xyz / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def ciede2000(one: Any, other: Any) -> float:
    """Difference of two colours in Lab; the equations are those of the paper, in its order."""
    (l1, a1, b1), (l2, a2, b2) = one, other
    mean_c = 0.5 * (np.hypot(a1, b1) + np.hypot(a2, b2))
    g = 0.5 * (1 - np.sqrt(mean_c**7 / (mean_c**7 + 25.0**7)))
    a1, a2 = (1 + g) * a1, (1 + g) * a2
    c1, c2 = np.hypot(a1, b1), np.hypot(a2, b2)
    h1, h2 = np.degrees(np.arctan2(b1, a1)) % 360, np.degrees(np.arctan2(b2, a2)) % 360
    dh = 0.0 if c1 * c2 == 0 else (h2 - h1 + 180) % 360 - 180
    # At exactly 180 degrees the paper keeps the sign of h2 - h1.
    dh = 180.0 if c1 * c2 and h2 - h1 == 180 else dh
    d_hue = 2 * np.sqrt(c1 * c2) * np.sin(np.radians(dh / 2))
    light, c = 0.5 * (l1 + l2), 0.5 * (c1 + c2)
    if c1 * c2 == 0:
        h = h1 + h2
    elif abs(h1 - h2) <= 180:
        h = 0.5 * (h1 + h2)
    else:
        h = 0.5 * (h1 + h2 + (360 if h1 + h2 < 360 else -360))
    t = (
        1
        - 0.17 * np.cos(np.radians(h - 30))
        + 0.24 * np.cos(np.radians(2 * h))
        + 0.32 * np.cos(np.radians(3 * h + 6))
        - 0.20 * np.cos(np.radians(4 * h - 63))
    )
    turn = 30 * np.exp(-(((h - 275) / 25) ** 2))
    r_t = -np.sin(np.radians(2 * turn)) * 2 * np.sqrt(c**7 / (c**7 + 25.0**7))
    s_l = 1 + 0.015 * (light - 50) ** 2 / np.sqrt(20 + (light - 50) ** 2)
    s_c, s_h = 1 + 0.045 * c, 1 + 0.015 * c * t
    dl, dc = (l2 - l1) / s_l, (c2 - c1) / s_c
    return float(np.sqrt(dl**2 + dc**2 + (d_hue / s_h) ** 2 + r_t * dc * d_hue / s_h))
