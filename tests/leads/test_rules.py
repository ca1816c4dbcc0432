from hypothesis import given
from hypothesis import strategies as st

from leads import rules


@given(st.text(max_size=40))
def test_folding_twice_is_folding_once(text):
    folded = rules.fold_for_search(text)

    assert rules.fold_for_search(folded) == folded
    assert not set(folded) & set("&|!():*'\\<>")
