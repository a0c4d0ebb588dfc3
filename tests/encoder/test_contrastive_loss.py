import math

import pytest
import torch  # noqa: TID253 - tests load it anyway

from vlclip_dagster.encoder.loss import (
    MAX_LOGIT_SCALE,
    ContrastiveLoss,
    KindLoss,
    clamp_temperature,
    false_negatives,
)


def test_pairs_that_agree_in_any_column_are_no_negatives():
    labels = torch.tensor([[0, 10], [0, 11], [1, 11], [2, -1], [3, -1]])
    expected = torch.zeros(5, 5, dtype=torch.bool)
    expected[0, 1] = expected[1, 0] = True  # the same query
    expected[1, 2] = expected[2, 1] = True  # the same group
    assert torch.equal(false_negatives(labels), expected)


def test_loss_equals_the_sum_written_out_by_hand():
    image = torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    text = torch.tensor([[2.0, 0.0], [0.0, 3.0], [-1.0, 1.0]])
    labels = torch.tensor([[0], [0], [1]])
    h = 1 / math.sqrt(2)
    cosines = [[1, 0, -h], [0, 1, h], [h, h, 0]]
    masked = {(0, 1), (1, 0)}

    def entropy(matrix, transpose):
        total = 0.0
        for i in range(3):
            row = [matrix[j][i] if transpose else matrix[i][j] for j in range(3)]
            kept = [math.exp(2 * row[j]) for j in range(3) if (i, j) not in masked]
            total += math.log(sum(kept)) - 2 * row[i]
        return total / 3

    expected = (entropy(cosines, False) + entropy(cosines, True)) / 2
    found = ContrastiveLoss()(image, text, torch.tensor(math.log(2.0)), labels)
    assert float(found) == pytest.approx(expected, abs=1e-6)


def test_a_batch_of_one_product_has_no_loss_and_finite_gradients():
    image = torch.randn(4, 8, requires_grad=True)
    loss = ContrastiveLoss()(image, torch.randn(4, 8), torch.tensor(1.0), torch.zeros(4, 1).long())
    loss.backward()
    assert float(loss.detach()) == pytest.approx(0.0, abs=1e-6)
    assert torch.isfinite(image.grad).all()


def test_logits_stay_in_fp32_under_autocast():
    features = torch.randn(16, 32)
    labels = torch.arange(16)[:, None]
    plain = ContrastiveLoss()(features, features, torch.tensor(3.0), labels)
    with torch.autocast("cpu", torch.bfloat16):
        cast = ContrastiveLoss()(features, features, torch.tensor(3.0), labels)
    assert float(cast) == float(plain)


def test_temperature_never_exceeds_one_hundred():
    scale = torch.nn.Parameter(torch.tensor(9.0))
    clamp_temperature(scale)
    assert float(scale.detach()) == pytest.approx(MAX_LOGIT_SCALE)
    scale = torch.nn.Parameter(torch.tensor(2.0))
    clamp_temperature(scale)
    assert float(scale.detach()) == 2.0


def test_an_image_near_its_types_name_costs_least():
    names = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
    near = torch.tensor([[5.0, 0.0], [0.0, 2.0]])
    scale = torch.tensor(2.0)
    right = KindLoss()(near, names, scale, torch.tensor([0, 1]))
    wrong = KindLoss()(near, names, scale, torch.tensor([1, 0]))
    by_hand = math.log(1 + math.exp(-math.exp(2.0)))
    assert right.item() == pytest.approx(by_hand, rel=1e-3)
    assert wrong > right
