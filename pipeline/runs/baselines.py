"""Reconstruction errors of simpler codes of the same size, for a trained encoder's to be compared with."""

from pipeline.data.dataset import Splits
from pipeline.data.keys import TEST, Key
from pipeline.evaluation.baselines import linear_decoder_errors, pca_errors
from pipeline.settings.composed import Settings
from pipeline.training.family import Family, Values, build_training

PCA, UNTRAINED = "pca", "random_encoder_linear_decoder"


def baseline_errors(family: Family, splits: Splits, settings: Settings) -> Values:
    """Scores the codes that a family's are compared with, fitted on the training split; none without `encode`.

    Returns:
        `test/pca/…` and `test/random_encoder_linear_decoder/…`, the untrained encoder of the run's seed with the best
        linear decoder of its codes; each has `mse` and `bce`.
    """
    if family.encode is None:
        return {}
    # Nothing is trained, so nothing is compiled.
    untrained = build_training(family, settings.resolve(gpu=False), splits).parts()
    train, test = splits.train.images, splits.test.images
    codes, unseen = (family.encode(untrained, images, settings) for images in (train, test))
    found = {
        PCA: pca_errors(train, test, size=codes.shape[1]),
        UNTRAINED: linear_decoder_errors(train, codes, test, unseen),
    }
    return {
        Key(error, split=TEST, component=name): value
        for name, errors in found.items()
        for error, value in errors.items()
    }
