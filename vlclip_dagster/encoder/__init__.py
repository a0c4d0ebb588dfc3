"""The encoder: a CLIP model, its fine-tuning on a catalog and its serving form.

Nothing is imported here, so that settings and the serving form load without torch.
"""
