"""The outside things, one file each: their settings, and what builds them."""
