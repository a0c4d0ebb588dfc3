"""People: a pose, and the body that wears a garment in it.

Units are centimetres; the origin is the pit of the neck, y grows towards the feet. Garments
follow the same joints, so they sit on any pose.
"""

from dataclasses import dataclass

import numpy as np

from vlclip_dagster.catalog.generated.brush import Brush
from vlclip_dagster.catalog.generated.geometry import (
    Points,
    curve,
    ellipse,
    part_of,
    stroke,
    symmetric,
    tube,
)
from vlclip_dagster.catalog.generated.palette import Rgb, toned
from vlclip_dagster.catalog.generated.surface import Surface

Joint = tuple[float, float]

SKIN: tuple[Rgb, ...] = (
    (241, 208, 180),
    (226, 184, 150),
    (198, 150, 112),
    (150, 104, 72),
    (104, 70, 50),
    (210, 206, 200),
)
HAIR: tuple[Rgb, ...] = (
    (38, 30, 28),
    (84, 54, 36),
    (150, 104, 56),
    (206, 170, 110),
    (120, 48, 30),
    (150, 150, 152),
)


@dataclass(frozen=True)
class Pose:
    """Where the joints are.

    Attributes:
        arms: (shoulder, elbow, wrist) of the arm on the left of the picture and on the right.
        legs: (hip, knee, ankle), likewise.
        worn: whether a body is in the garment.
    """

    arms: tuple[tuple[Joint, Joint, Joint], tuple[Joint, Joint, Joint]]
    legs: tuple[tuple[Joint, Joint, Joint], tuple[Joint, Joint, Joint]]
    worn: bool = False

    def arm(self, side: int) -> Points:
        """The arm's centre line, shoulder to wrist; ``side`` -1 is the left of the picture."""
        return stroke(self.arms[0 if side < 0 else 1])

    def leg(self, side: int) -> Points:
        """The leg's centre line, hip to ankle."""
        return stroke(self.legs[0 if side < 0 else 1])


def pose(spread: tuple[float, float], bend: tuple[float, float], stance: float, worn: bool) -> Pose:
    """Build a pose from angles.

    Args:
        spread: degrees each upper arm stands off the body (left, right of the picture).
        bend: further degrees of each forearm; negative folds the hand back to the hip.
        stance: half the distance between the ankles in cm.
        worn: whether a body is in the garment.
    """
    arms = []
    for side, out, more in ((-1, spread[0], bend[0]), (1, spread[1], bend[1])):
        shoulder = (side * 17.5, 5.0)
        elbow = _reach(shoulder, side, out, 29)
        arms.append((shoulder, elbow, _reach(elbow, side, out + more, 25)))
    legs = []
    for side in (-1, 1):
        hip, ankle = (side * 8.5, 62.0), (side * stance, 148.0)
        knee = ((hip[0] + ankle[0]) / 2 + side * 0.6, 105.0)
        legs.append((hip, knee, ankle))
    return Pose((arms[0], arms[1]), (legs[0], legs[1]), worn)


def _reach(start: Joint, side: int, degrees: float, length: float) -> Joint:
    angle = np.radians(degrees)
    return (
        float(start[0] + side * length * np.sin(angle)),
        float(start[1] + length * np.cos(angle)),
    )


def flat_pose(rng: np.random.Generator) -> Pose:
    """How a garment lies on a table or hangs on an invisible mannequin."""
    out = float(rng.uniform(14, 30))
    return pose((out, out), (-4, -4), float(rng.uniform(9, 12)), worn=False)


def live_pose(rng: np.random.Generator) -> Pose:
    """How a person stands in front of a camera."""
    spread, bend = [], []
    for _ in range(2):
        if rng.random() < 0.25:
            spread.append(float(rng.uniform(34, 44)))
            bend.append(float(rng.uniform(-92, -78)))
        else:
            spread.append(float(rng.uniform(8, 24)))
            bend.append(float(rng.uniform(-14, 8)))
    stance = float(rng.uniform(7, 17))
    return pose((spread[0], spread[1]), (bend[0], bend[1]), stance, worn=True)


@dataclass(frozen=True)
class Person:
    """Someone's looks: skin, hair and how the hair is worn."""

    skin: Rgb
    hair: Rgb
    style: int

    @classmethod
    def anyone(cls, rng: np.random.Generator) -> "Person":
        """A person, or now and then a grey mannequin without hair."""
        which = int(rng.integers(len(SKIN)))
        bald = which == len(SKIN) - 1
        style = 0 if bald else int(rng.integers(1, 4))
        return cls(SKIN[which], HAIR[int(rng.integers(len(HAIR)))], style)


def draw_legs(brush: Brush, person: Person, stand: Pose) -> None:
    """Bare legs and feet."""
    skin = Surface(person.skin, "skin")
    for side in (-1, 1):
        ankle = stand.legs[0 if side < 0 else 1][2]
        foot = curve(
            [
                (ankle[0] - 3.4, ankle[1] - 2),
                (ankle[0] + 3.4, ankle[1] - 2),
                (ankle[0] + side * 3 + 4.6, ankle[1] + 8),
                (ankle[0] + side * 3 - 4.6, ankle[1] + 8),
            ]
        )
        brush.fill(foot, skin, bulge=4)
        brush.fill(tube(stand.leg(side), (17, 15, 11.5, 11, 7)), skin, bulge=6)


def draw_body(brush: Brush, person: Person, stand: Pose) -> None:
    """Torso, neck and arms; what is worn goes on top."""
    skin = Surface(person.skin, "skin")
    trunk = [(0, 0), (9, 1), (17, 4), (16, 24), (13, 40), (16.5, 60), (14, 70), (0, 74)]
    brush.fill(symmetric(trunk), skin, bulge=7)
    for side in (-1, 1):
        draw_arm(brush, person, stand, side)
    neck = [(0, -10), (5, -10), (5.4, -2), (8, 3), (0, 8)]
    brush.fill(symmetric(neck), skin, bulge=4, tone=0.93)


def draw_arm(brush: Brush, person: Person, stand: Pose, side: int) -> None:
    """One arm with its hand."""
    skin = Surface(person.skin, "skin")
    arm = stand.arm(side)
    brush.fill(ellipse(float(arm[0][0]) - side * 1.2, 8.0, 5.6, 5.4), skin, bulge=4, drop=0)
    brush.fill(tube(arm, (9.5, 9, 7.5, 7, 5)), skin, bulge=4, drop=0.12)
    draw_hand(brush, person, stand, side)


def draw_hand(brush: Brush, person: Person, stand: Pose, side: int) -> None:
    """One hand, so that a sleeve can end behind it."""
    arm = stand.arm(side)
    along = arm[-1] - arm[-4]
    along = along / max(float(np.linalg.norm(along)), 1e-6)
    palm = np.stack([arm[-1] - along * 2, arm[-1] + along * 5, arm[-1] + along * 13])
    brush.fill(tube(palm, (5.5, 8, 3.5)), Surface(person.skin, "skin"), bulge=3)


def draw_head(brush: Brush, person: Person) -> None:
    """Head and hair, from the chin up."""
    skin = Surface(person.skin, "skin")
    hair = Surface(person.hair, "faux fur")
    if person.style == 2:
        long_hair = [(0, -33), (9, -31), (13, -20), (14, -6), (12, 10), (6, 12), (5, -6), (0, -8)]
        brush.fill(symmetric(long_hair), hair, bulge=5)
        neck = [(0, -12), (4.6, -12), (5, -2), (7, 3), (0, 7)]
        brush.fill(symmetric(neck), skin, bulge=4, tone=0.88, drop=0.1)
    face = [(0, -31), (8.2, -28), (9.4, -19), (7.6, -11), (3.6, -6.5), (0, -6)]
    brush.fill(symmetric(face), skin, bulge=6)
    if person.style == 0:
        return
    if person.style == 3:
        brush.fill(ellipse(0, -35, 6, 5.5), hair, bulge=5)
    cap = [(0, -33.5), (8.6, -31), (10.6, -22), (9.6, -16), (8.2, -24), (3, -27.5), (0, -26)]
    brush.fill(symmetric(cap), hair, bulge=4)
    _face(brush, person)


def _face(brush: Brush, person: Person) -> None:
    """Brows, eyes and mouth, barely more than shadows at catalog size."""
    dark = toned(person.skin, 0.42)
    for side in (-1, 1):
        brush.fill(ellipse(side * 3.7, -19.5, 1.1, 0.7), Surface(dark, "skin"), drop=0)
        brow = stroke([(side * 2, -22), (side * 3.7, -22.8), (side * 5.6, -22)])
        brush.line(brow, toned(person.hair, 0.9), 0.8)
    brush.line(stroke([(-2.2, -10.6), (0, -10), (2.2, -10.6)]), (168, 84, 80), 0.9)
    brush.line(stroke([(0.6, -18), (1.2, -14.6), (-0.4, -14)]), toned(person.skin, 0.8), 0.5)


def sleeve_path(stand: Pose, side: int, share: float) -> Points:
    """The centre line of a sleeve that covers ``share`` of the arm, begun inside the shoulder."""
    arm = part_of(stand.arm(side), 0, share)
    inner = np.array([[arm[0][0] - side * 6.5, arm[0][1] + 1.6]], np.float32)
    return np.concatenate([inner, arm])
