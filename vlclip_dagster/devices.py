"""Whether this machine has a GPU that torch can use; torch is loaded only to ask."""


def has_cuda() -> bool:
    """Whether torch finds a GPU."""
    import torch

    return torch.cuda.is_available()


def missing_device(setting: str, wish: str) -> str | None:
    """One sentence where ``setting`` wishes for a GPU that is not there, else None."""
    if wish != "cuda" or has_cuda():
        return None
    return f"{setting} asks for cuda but this machine has no usable GPU; set it to auto or cpu"
