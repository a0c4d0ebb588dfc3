"""Refinement (paper section 3.2): from a product's text to a short query that says what one sees.

The loop works in waves over a small ``Backend`` protocol; one backend is written as rules and
needs nothing, the other asks a language model behind an OpenAI-compatible endpoint. Whatever a
backend answers passes the gate, which is code.
"""
