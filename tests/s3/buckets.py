"""Buckets of the local S3 server."""

import uuid

SECRET = "canary-7f3a-secret"


def make_bucket() -> str:
    """Make an empty bucket on the server that the environment names; its name."""
    import boto3

    name = f"shop-{uuid.uuid4().hex}"
    boto3.client("s3").create_bucket(Bucket=name)
    return name
