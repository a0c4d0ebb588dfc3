"""Grounding: the box of the product that a photograph shows, and the crop cut from it.

What belongs here: detectors behind one protocol, and the rule that turns their box into a crop.
What does not: reading photographs (``images``) or deciding what the product is called in the
catalog (``catalog``).
"""
