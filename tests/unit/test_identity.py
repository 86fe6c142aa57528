"""Series are matched across editions by number and label path; what they are called is compared by series."""

import pytest
from pipeline.publication.identity import LabelChange, Labels, label_changes, match


def edition(**labels: str) -> list[Labels]:
    """Series by number, `_` for a dot: `n1="A", n1_1="B"`."""
    return [Labels(number[1:].replace("_", "."), text, "Number", "") for number, text in labels.items()]


INSERTED_PARENT = (
    edition(n1="Homes", n1_1="Total", n1_2="New", n2="Shops", n2_1="Total"),
    edition(n1="Offices", n1_1="Total", n2="Homes", n2_1="Total", n2_2="New", n3="Shops", n3_1="Total"),
)


@pytest.mark.parametrize(
    ("old", "new", "matched"),
    [
        pytest.param(edition(n1="A", n2="B"), edition(n1="A", n2="B"), {"1": "1", "2": "2"}, id="same"),
        pytest.param(
            edition(n1="A", n2="B", n3="C"),
            edition(n1="A", n2="X", n3="B", n4="C"),
            {"1": "1", "3": "2", "4": "3"},
            id="inserted in the middle",
        ),
        pytest.param(
            edition(n1="A", n2="B", n3="C"), edition(n1="B", n2="C"), {"1": "2", "2": "3"}, id="the first removed"
        ),
        pytest.param(edition(n1="A", n2="B"), edition(n1="B", n2="A"), {"1": "2", "2": "1"}, id="swapped"),
        pytest.param(edition(n1="A", n2="B"), edition(n1="A", n2="C"), {"1": "1", "2": "2"}, id="renamed"),
        pytest.param(edition(n1="A"), edition(n1="A", n2="B"), {"1": "1"}, id="new"),
        pytest.param(edition(n1="A", n2="B"), edition(n1="X", n2="A"), {"2": "1"}, id="new where another was"),
        pytest.param(
            *INSERTED_PARENT,
            {"2": "1", "2.1": "1.1", "2.2": "1.2", "3": "2", "3.1": "2.1"},
            id="inserted above children that share a label",
        ),
        pytest.param(
            edition(n1="Homes", n1_1="Total"),
            edition(n1="Dwellings", n1_1="Total"),
            {"1": "1", "1.1": "1.1"},
            id="a renamed parent keeps its children",
        ),
        pytest.param(
            edition(n1="A", n2="Others", n3="B", n4="Others"),
            edition(n1="A", n2="Others", n3="X", n4="B", n5="Others"),
            {"1": "1", "2": "2", "4": "3"},
            id="a repeated label is the same series only under the same number",
        ),
        pytest.param(
            edition(n1="Others", n2="Others"),
            edition(n1="Others", n2="X"),
            {"1": "1"},
            id="no renaming while the old label is in use",
        ),
        pytest.param(
            edition(n1_1="A", n2="B"),
            edition(n1="P", n1_1="A", n2="B"),
            {"1.1": "1.1", "2": "2"},
            id="a parent appears",
        ),
        pytest.param(
            edition(n1="A", n1_0="B"), edition(n1="A", n1_00="B"), {"1": "1", "1.00": "1.0"}, id="numbers are text"
        ),
        pytest.param([], edition(n1="A"), {}, id="nothing before"),
    ],
)
def test_series_are_matched_by_number_and_label_path(old, new, matched):
    assert match(old, new) == matched


def test_each_change_of_what_a_series_is_called_is_told_once():
    old = [Labels("1", "A", "Thousand", ""), Labels("2", "B", "Number", "of May"), Labels("3", "C", "Number", "")]
    new = [
        Labels("1", "A", "Million", ""),
        Labels("2", "X", "Number", ""),
        Labels("3", "B", "Number", "of June"),
        Labels("4", "C", "Number", ""),
    ]

    assert list(label_changes(old, new)) == [
        LabelChange("1", "A", "unit", "Thousand", "Million"),
        LabelChange("3", "B", "renumbered", "2", "3"),
        LabelChange("3", "B", "footnote", "of May", "of June"),
        LabelChange("4", "C", "renumbered", "3", "4"),
    ]
    assert list(label_changes([Labels("1", "A", "", "")], [Labels("1", "Z", "", "")])) == [
        LabelChange("1", "Z", "label", "A", "Z")
    ]
    assert list(label_changes(old, old)) == []
