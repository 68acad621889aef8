"""What policies hide, as it is said beside a label."""

from assent.web.label_masks import masks_in


def test_masks_are_found_in_policies_and_not_in_comments() -> None:
    sources = {
        "a.cedar": '@id("x")\n@mask("pii: partial, secret")\npermit (principal, action, resource);',
        "b.cedar": '// @mask("pci")\nforbid (principal, action, resource);',
        "c.cedar": '@mask( "public.people.\\"ssn\\": null" ) permit (principal, action, resource);',
    }
    found = masks_in(sources)
    assert [one.what for one in found[:2]] == ["pii", "secret"]
    assert found[0].covers("pii.email")
    assert not any(one.covers("pci") for one in found)
    assert len(found) == 3


def test_a_text_that_no_mask_could_be_is_passed_over() -> None:
    assert masks_in({"a.cedar": '@mask("a: nonsense")'}) == []
