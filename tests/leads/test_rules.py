from hypothesis import example, given
from hypothesis import strategies as st

from leads import rules


@given(st.text(max_size=40))
@example("\N{MATHEMATICAL BOLD CAPITAL ALPHA}")
def test_folding_twice_is_folding_once(text):
    folded = rules.fold_for_search(text)

    assert rules.fold_for_search(folded) == folded
    assert not set(folded) & set("&|!():*'\\<>")
