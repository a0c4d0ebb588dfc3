"""How good the search is, and the page that says so.

Vectors, texts and pictures come in as plain values; figures, JSON and HTML go out. Nothing in
here reads the warehouse, trains a model or knows of Dagster.
"""
