"""The artifacts, one file each, named after it: read, call the method, tell what happened."""
