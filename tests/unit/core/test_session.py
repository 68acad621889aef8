from assent.core.session import Epoch


def test_an_epoch_only_goes_up() -> None:
    epoch = Epoch()
    before = epoch.value
    epoch.bump()
    assert epoch.value == before + 1
