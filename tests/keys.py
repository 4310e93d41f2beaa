"""Keys of metrics for tests of properties."""

from hypothesis import strategies as st

from pipeline.data.keys import SPLITS, TRAINED, Key

WORDS = st.sampled_from((*SPLITS, TRAINED, "generator", "a_by_digit", "7", "mean")) | st.text(
    st.characters(exclude_characters="/", exclude_categories=["Cs"]), min_size=1, max_size=6
)
KEYS = st.lists(WORDS, min_size=1, max_size=6).map("/".join).map(Key.parse)
