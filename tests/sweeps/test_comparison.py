"""Jobs of a sweep side by side: what is called the best."""

from dataclasses import replace

from pipeline.data.keys import Key
from pipeline.sweeps.comparison import Comparison
from pipeline.tracking.sweeps import SweepChild
from pipeline.training.family import Family, find_family

NAMES = ("accuracy", "loss", "kl_divergence", "psnr")
BEST = "best with rate={}, significantly better than all others"


def comparison(family: Family) -> Comparison:
    """Three seeds of two rates, of which the second measures more of everything."""
    keys = [Key(name, split="heldout") for name in NAMES]
    return Comparison(
        [
            SweepChild(
                run_id=f"{rate}{seed}",
                experiment_id="1",
                name=f"rate={rate} seed={seed}",
                status="FINISHED",
                seed=str(seed),
                varied={"vae.rate": str(rate), "seed": str(seed)},
                measures=dict.fromkeys(keys, 10 * rate + seed / 10),
            )
            for rate in (1, 2)
            for seed in (0, 1, 2)
        ],
        replace(family, headline=tuple(keys)),
    )


def test_the_best_has_more_of_what_the_family_and_the_judge_want_more_of_and_less_of_the_rest() -> None:
    family = replace(find_family("vae"), higher_is_better=frozenset({"psnr"}), no_quality=frozenset())
    assert comparison(family).verdicts == {
        "accuracy": BEST.format(2),
        "loss": BEST.format(1),
        "KL divergence": BEST.format(1),
        "psnr": BEST.format(2),
    }


def test_no_setting_is_best_for_its_divergence_which_is_a_term_of_the_bound_and_no_quality() -> None:
    assert "KL divergence" not in comparison(find_family("vae")).verdicts
