"""Names of measures as a person writes them."""

_SPELLED = {"frechet": "Fréchet", "ssim": "SSIM", "mse": "MSE", "bce": "BCE", "kl_": "KL ", "pca": "PCA"}


def spell(name: str) -> str:
    """Returns a measure's name as a person writes it: `Fréchet digit distance` for `frechet_digit_distance`."""
    for written, spoken in _SPELLED.items():
        name = name.replace(written, spoken)
    return name.replace("_", " ").replace("/", ", ")
