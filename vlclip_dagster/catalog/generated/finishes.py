"""What legs and lamp bases are made of, by the words a title uses."""

from vlclip_dagster.catalog.generated.surface import Surface

FINISHES: dict[str, Surface] = {
    "black metal": Surface((44, 45, 50), "metal"),
    "brass": Surface((206, 166, 84), "brass"),
    "oak": Surface((196, 150, 100), "wood"),
    "walnut": Surface((100, 66, 46), "wood"),
    "white": Surface((240, 239, 235), "paint"),
    "chrome": Surface((196, 200, 206), "metal"),
    "black ceramic": Surface((40, 40, 44), "ceramic"),
    "white ceramic": Surface((244, 243, 238), "ceramic"),
    "blue ceramic": Surface((58, 96, 168), "ceramic"),
    "green ceramic": Surface((54, 122, 92), "ceramic"),
    "terracotta": Surface((190, 100, 66), "terracotta"),
    "clear glass": Surface((196, 216, 220), "glass"),
}
