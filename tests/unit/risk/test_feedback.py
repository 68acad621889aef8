"""What answers to earlier requests say of a new one."""

from random import Random

from assent.risk.feedback import MOST_VALUES, Feedback


def asked(resource: str, team: str) -> list[tuple[str, str]]:
    """A request of a team for a resource."""
    return [("resource", resource), ("team", team)]


def test_without_answers_nothing_is_said() -> None:
    assert Feedback().bits(asked("payroll", "sales")) == 0.0


def test_a_value_that_was_refused_speaks_for_a_refusal() -> None:
    feedback = Feedback()
    for number in range(60):
        feedback.learn(asked("payroll", f"t{number}"), refused=True)
        feedback.learn(asked("wiki", f"t{number}"), refused=False)
    assert feedback.bits(asked("payroll", "new")) > 0.5
    assert feedback.bits(asked("wiki", "new")) < -0.5
    assert feedback.bits(asked("unknown", "new")) == 0.0


def test_a_pair_speaks_where_its_values_alone_do_not() -> None:
    feedback = Feedback()
    for _ in range(80):
        feedback.learn(asked("payroll", "sales"), refused=True)
        feedback.learn(asked("payroll", "finance"), refused=False)
        feedback.learn(asked("leads", "finance"), refused=True)
        feedback.learn(asked("leads", "sales"), refused=False)
    assert feedback.bits(asked("payroll", "sales")) > 1.0
    assert feedback.bits(asked("payroll", "finance")) < -1.0


def test_columns_of_luck_do_not_drown_one_that_tells() -> None:
    random = Random(7)
    feedback = Feedback()

    def values(resource: str) -> list[tuple[str, str]]:
        luck = [(f"luck-{number}", str(random.randrange(40))) for number in range(8)]
        return [("resource", resource), *luck]

    for _ in range(800):
        resource = random.choice("abcd")
        feedback.learn(
            values(resource), refused=random.random() < (0.6 if resource == "a" else 0.05)
        )
    wrong = sum(feedback.bits(values("a")) <= feedback.bits(values("b")) for _ in range(200))
    assert wrong < 20


def test_an_answer_of_less_weight_says_less() -> None:
    sure, unsure = Feedback(), Feedback()
    for _ in range(20):
        sure.learn(asked("payroll", "sales"), refused=True)
        unsure.learn(asked("payroll", "sales"), refused=True, weight=0.3)
        for feedback in (sure, unsure):
            feedback.learn(asked("wiki", "finance"), refused=False)
    assert sure.bits(asked("payroll", "sales")) > unsure.bits(asked("payroll", "sales")) > 0.0


def test_what_is_kept_is_bounded() -> None:
    feedback = Feedback(most=10)
    for number in range(50):
        feedback.learn(asked(f"r{number}", f"t{number}"), refused=number % 2 == 0)
    assert len(feedback._answers) == 10
    assert feedback.total == 50.0


def test_columns_beyond_the_most_are_not_looked_at() -> None:
    feedback = Feedback()
    many = [(f"column-{number}", "same") for number in range(MOST_VALUES)]
    for number in range(40):
        feedback.learn([*many, ("late", str(number % 2))], refused=number % 2 == 0)
    assert feedback.bits([*many, ("late", "0")]) == feedback.bits([*many, ("late", "1")])
