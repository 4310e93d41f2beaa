from benchmarks.measuring.turns import by_turns, ratios, turns


def test_everyone_has_a_turn_before_anyone_has_a_second() -> None:
    assert list(turns(["a", "b"], 2)) == [(0, "a"), (0, "b"), (1, "a"), (1, "b")]


def test_samples_are_taken_by_turns_and_kept_apart() -> None:
    called: list[str] = []

    def measure(name: str) -> int:
        called.append(name)
        return len(called)

    found = by_turns({"a": lambda: measure("a"), "b": lambda: measure("b")}, 3)
    assert "".join(called) == "ababab"
    assert found == {"a": [1, 3, 5], "b": [2, 4, 6]}


def test_ratios_are_of_the_same_round() -> None:
    assert ratios([2.0, 9.0], [1.0, 3.0]) == [2.0, 3.0]
