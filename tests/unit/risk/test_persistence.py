"""What one session says of the next."""

from assent.risk.persistence import MOST_AFTER_ANSWER, MOST_AS_USUAL, MOST_BITS, Persistence


def test_suspicion_goes_on_in_part() -> None:
    assert Persistence().carried(10.0, None) == 5.0


def test_suspicion_that_goes_on_is_bounded() -> None:
    assert Persistence().carried(1000.0, None) == MOST_BITS
    assert Persistence().carried(-1000.0, None) == -MOST_AS_USUAL


def test_after_an_attack_another_is_expected_before_anybody_said_so_twice() -> None:
    persistence = Persistence()
    assert persistence.carried(0.0, 1) > 2.0
    assert abs(persistence.carried(0.0, 0)) < 0.5


def test_an_answer_leaves_little_of_the_suspicion() -> None:
    persistence = Persistence()
    calm = persistence.carried(0.0, 0)
    assert persistence.carried(500.0, 0) == calm + MOST_AFTER_ANSWER


def test_how_often_attack_follows_attack_is_learned() -> None:
    lasting, passing = Persistence(), Persistence()
    for _ in range(300):
        for persistence in (lasting, passing):
            persistence.learn(0, 0)
    for _ in range(40):
        lasting.learn(1, 1)
        passing.learn(1, 0)
    assert lasting.carried(0.0, 1) > passing.carried(0.0, 1) + 5.0


def test_what_nobody_answered_is_not_counted() -> None:
    persistence = Persistence()
    before = persistence.carried(0.0, 1)
    persistence.learn(None, 1)
    persistence.learn(1, None)
    assert persistence.carried(0.0, 1) == before
