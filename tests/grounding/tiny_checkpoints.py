"""Detection checkpoints as they are on the hub, only tiny and random."""

from pathlib import Path

WORDS = ["handbag", "dress", "coffee", "table", "sneaker", ".", "?"]


def _tokenizer(folder: Path):
    from transformers import BertTokenizerFast

    folder.mkdir(parents=True, exist_ok=True)
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS]
    path = folder / "vocab.txt"
    path.write_text("\n".join(vocabulary), encoding="utf-8")
    return BertTokenizerFast(vocab_file=str(path), vocab=str(path))


def save_grounding_dino(folder: Path) -> Path:
    """Save a random Grounding DINO on a canvas of 96 pixels."""
    import torch
    from transformers import (
        GroundingDinoConfig,
        GroundingDinoForObjectDetection,
        GroundingDinoImageProcessor,
        GroundingDinoProcessor,
    )

    config = GroundingDinoConfig(
        backbone_config={
            "model_type": "swin",
            "image_size": 96,
            "patch_size": 4,
            "embed_dim": 12,
            "depths": [1, 1, 1, 1],
            "num_heads": [1, 2, 2, 2],
            "window_size": 3,
            "out_features": ["stage2", "stage3", "stage4"],
        },
        text_config={
            "model_type": "bert",
            "vocab_size": 32,
            "hidden_size": 16,
            "num_hidden_layers": 1,
            "num_attention_heads": 2,
            "intermediate_size": 32,
            "max_position_embeddings": 64,
        },
        d_model=32,
        encoder_layers=1,
        encoder_ffn_dim=32,
        encoder_attention_heads=2,
        decoder_layers=2,
        decoder_ffn_dim=32,
        decoder_attention_heads=2,
        num_queries=20,
        max_text_len=32,
    )
    torch.manual_seed(0)
    GroundingDinoForObjectDetection(config).save_pretrained(folder)
    images = GroundingDinoImageProcessor(size={"shortest_edge": 96, "longest_edge": 96})
    GroundingDinoProcessor(images, _tokenizer(folder)).save_pretrained(folder)
    return folder


def save_owlv2(folder: Path) -> Path:
    """Save a random OWLv2 on a canvas of 96 pixels."""
    import torch
    from transformers import (
        Owlv2Config,
        Owlv2ForObjectDetection,
        Owlv2ImageProcessor,
        Owlv2Processor,
    )

    small = {
        "hidden_size": 32,
        "intermediate_size": 32,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
    }
    config = Owlv2Config(
        text_config={**small, "vocab_size": 32, "max_position_embeddings": 16},
        vision_config={**small, "image_size": 96, "patch_size": 16},
        projection_dim=32,
    )
    torch.manual_seed(0)
    model = Owlv2ForObjectDetection(config)
    # Random scales saturate every score at 1, where nothing could be told apart.
    for scale in (model.class_head.logit_shift, model.class_head.logit_scale):
        torch.nn.init.zeros_(scale.weight)
        torch.nn.init.zeros_(scale.bias)
    model.save_pretrained(folder)
    tokenizer = _tokenizer(folder)
    tokenizer.model_max_length = 16
    images = Owlv2ImageProcessor(size={"height": 96, "width": 96})
    Owlv2Processor(images, tokenizer).save_pretrained(folder)
    return folder
