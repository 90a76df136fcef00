"""The dimension tables: nominal and limiting sizes in millimetres as the standards print them.

Keyed by the nominal thread (or shaft, bore, bearing number). Only what the assortment needs.
"""

from __future__ import annotations

# ISO 261, coarse series: pitch
PITCH: dict[int, float] = {
    3: 0.5, 4: 0.7, 5: 0.8, 6: 1.0, 8: 1.25, 10: 1.5, 12: 1.75, 16: 2.0, 20: 2.5, 24: 3.0,
}  # fmt: skip

# ISO 273, medium series: clearance hole
CLEARANCE: dict[int, float] = {
    3: 3.4, 4: 4.5, 5: 5.5, 6: 6.6, 8: 9.0, 10: 11.0, 12: 13.5, 16: 17.5, 20: 22.0, 24: 26.0,
}  # fmt: skip

# ISO 4762: b reference, dk max (plain), k max, s nominal, t min
SOCKET: dict[int, tuple[float, float, float, float, float]] = {
    3: (18, 5.5, 3, 2.5, 1.3),
    4: (20, 7, 4, 3, 2),
    5: (22, 8.5, 5, 4, 2.5),
    6: (24, 10, 6, 5, 3),
    8: (28, 13, 8, 6, 4),
    10: (32, 16, 10, 8, 5),
    12: (36, 18, 12, 10, 6),
    16: (44, 24, 16, 14, 8),
    20: (52, 30, 20, 17, 10),
    24: (60, 36, 24, 19, 12),
}
# ISO 4762: the longest screw that is threaded up to the head
SOCKET_FULL: dict[int, float] = {
    3: 20, 4: 25, 5: 25, 6: 30, 8: 35, 10: 40, 12: 50, 16: 60, 20: 70, 24: 80,
}  # fmt: skip

# ISO 4014 and ISO 4017, product grade A: k nominal, s nominal, e min
HEX_HEAD: dict[int, tuple[float, float, float]] = {
    4: (2.8, 7, 7.66),
    5: (3.5, 8, 8.79),
    6: (4, 10, 11.05),
    8: (5.3, 13, 14.38),
    10: (6.4, 16, 17.77),
    12: (7.5, 18, 20.03),
    16: (10, 24, 26.75),
    20: (12.5, 30, 33.53),
    24: (15, 36, 39.98),
}

# ISO 7380-1: dk max, k max, s nominal, t min
BUTTON: dict[int, tuple[float, float, float, float]] = {
    3: (5.7, 1.65, 2, 1.04),
    4: (7.6, 2.2, 2.5, 1.3),
    5: (9.5, 2.75, 3, 1.56),
    6: (10.5, 3.3, 4, 2.08),
    8: (14, 4.4, 5, 2.6),
    10: (17.5, 5.5, 6, 3.12),
    12: (21, 6.6, 8, 4.16),
}

# ISO 10642: dk theoretical max, dk actual min, k max, s nominal, t min
COUNTERSUNK: dict[int, tuple[float, float, float, float, float]] = {
    3: (6.72, 5.54, 1.86, 2, 1.1),
    4: (8.96, 7.53, 2.48, 2.5, 1.5),
    5: (11.2, 9.43, 3.1, 3, 1.9),
    6: (13.44, 11.34, 3.72, 4, 2.2),
    8: (17.92, 15.24, 4.96, 5, 3),
    10: (22.4, 19.22, 6.2, 6, 3.6),
    12: (26.88, 23.12, 7.44, 8, 4.3),
}

# ISO 4032: m max, s nominal, e min
NUT: dict[int, tuple[float, float, float]] = {
    3: (2.4, 5.5, 6.01),
    4: (3.2, 7, 7.66),
    5: (4.7, 8, 8.79),
    6: (5.2, 10, 11.05),
    8: (6.8, 13, 14.38),
    10: (8.4, 16, 17.77),
    12: (10.8, 18, 20.03),
    16: (14.8, 24, 26.75),
    20: (18, 30, 32.95),
    24: (21.5, 36, 39.55),
}
# ISO 4035 (thin nut, chamfered): m max; across flats and corners as ISO 4032
THIN_NUT: dict[int, float] = {3: 1.8, 4: 2.2, 5: 2.7, 6: 3.2, 8: 4, 10: 5, 12: 6, 16: 8, 20: 10, 24: 12}

# ISO 7089: d1 min, d2 max, h nominal
WASHER: dict[int, tuple[float, float, float]] = {
    3: (3.2, 7, 0.5),
    4: (4.3, 9, 0.8),
    5: (5.3, 10, 1),
    6: (6.4, 12, 1.6),
    8: (8.4, 16, 1.6),
    10: (10.5, 20, 2),
    12: (13, 24, 2.5),
    16: (17, 30, 3),
    20: (21, 37, 3),
    24: (25, 44, 4),
}
# ISO 7093-1: d1 min, d2 max, h nominal
LARGE_WASHER: dict[int, tuple[float, float, float]] = {
    4: (4.3, 12, 1),
    5: (5.3, 15, 1),
    6: (6.4, 18, 1.6),
    8: (8.4, 24, 2),
    10: (10.5, 30, 2.5),
    12: (13, 37, 3),
    16: (17, 50, 3),
}

# ISO 15, dimension series 10 and 02: d, D, B, r min
BEARING: dict[str, tuple[float, float, float, float]] = {
    "6000": (10, 26, 8, 0.3),
    "6001": (12, 28, 8, 0.3),
    "6002": (15, 32, 9, 0.3),
    "6003": (17, 35, 10, 0.3),
    "6004": (20, 42, 12, 0.6),
    "6005": (25, 47, 12, 0.6),
    "6006": (30, 55, 13, 1),
    "6007": (35, 62, 14, 1),
    "6008": (40, 68, 15, 1),
    "6009": (45, 75, 16, 1),
    "6010": (50, 80, 16, 1),
    "6200": (10, 30, 9, 0.6),
    "6201": (12, 32, 10, 0.6),
    "6202": (15, 35, 11, 0.6),
    "6203": (17, 40, 12, 0.6),
    "6204": (20, 47, 14, 1),
    "6205": (25, 52, 15, 1),
    "6206": (30, 62, 16, 1),
    "6207": (35, 72, 17, 1.1),
    "6208": (40, 80, 18, 1.1),
    "6209": (45, 85, 19, 1.1),
    "6210": (50, 90, 20, 1.1),
}

# DIN 471, regular type: s, d3, a max, b, d2, m min, d5 min
SHAFT_RING: dict[int, tuple[float, float, float, float, float, float, float]] = {
    10: (1, 9.3, 3.3, 1.8, 9.6, 1.1, 1.5),
    12: (1, 11, 3.3, 1.8, 11.5, 1.1, 1.7),
    15: (1, 13.8, 3.6, 2.2, 14.3, 1.1, 1.7),
    17: (1, 15.7, 3.8, 2.3, 16.2, 1.1, 1.7),
    20: (1.2, 18.5, 4, 2.6, 19, 1.3, 2),
    25: (1.2, 23.2, 4.4, 3, 23.9, 1.3, 2),
    30: (1.5, 27.9, 5, 3.5, 28.6, 1.6, 2),
    35: (1.5, 32.2, 5.6, 3.9, 33, 1.6, 2.5),
    45: (1.75, 41.5, 6.7, 4.7, 42.5, 1.85, 2.5),
    50: (2, 45.8, 6.9, 5.1, 47, 2.15, 2.5),
}
# DIN 472, regular type: s, d3, a max, b, d2, m min, d5 min
BORE_RING: dict[int, tuple[float, float, float, float, float, float, float]] = {
    26: (1.2, 27.9, 4.7, 2.8, 27.2, 1.3, 2),
    28: (1.2, 30.1, 4.8, 2.9, 29.4, 1.3, 2),
    30: (1.2, 32.1, 4.8, 3, 31.4, 1.3, 2),
    32: (1.2, 34.4, 5.4, 3.2, 33.7, 1.3, 2.5),
    35: (1.5, 37.8, 5.4, 3.4, 37, 1.6, 2.5),
    40: (1.75, 43.5, 5.8, 3.9, 42.5, 1.85, 2.5),
    42: (1.75, 45.5, 5.9, 4.1, 44.5, 1.85, 2.5),
    47: (1.75, 50.5, 6.4, 4.4, 49.5, 1.85, 2.5),
    52: (2, 56.2, 6.7, 4.7, 55, 2.15, 2.5),
    62: (2, 66.2, 7.3, 5.5, 65, 2.15, 2.5),
}

# ISO 8734, type A: chamfer c
PIN: dict[int, float] = {3: 0.5, 4: 0.63, 5: 0.8, 6: 1.2, 8: 1.6, 10: 2}

# DIN 6885-1: height h, seat in the shaft t1, in the hub t2, for shafts over and up to
KEY: dict[int, tuple[float, float, float, int, int]] = {
    4: (4, 2.5, 1.8, 10, 12),
    5: (5, 3, 2.3, 12, 17),
    6: (6, 3.5, 2.8, 17, 22),
    8: (7, 4, 3.3, 22, 30),
    10: (8, 5, 3.3, 30, 38),
    12: (8, 5, 3.3, 38, 44),
}


def bolt_thread_length(d: int, length: float) -> float:
    """Return b of ISO 4014: 2d + 6 up to 125 mm, 2d + 12 up to 200 mm, 2d + 25 above."""
    return 2 * d + (6 if length <= 125 else 12 if length <= 200 else 25)
