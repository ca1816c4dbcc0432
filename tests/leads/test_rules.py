from hypothesis import example, given
from hypothesis import strategies as st

from leads import rules


@given(st.text(max_size=40))
@example("\N{MATHEMATICAL BOLD CAPITAL ALPHA}")
def test_folding_twice_is_folding_once(text):
    folded = rules.fold_for_search(text)

    assert rules.fold_for_search(folded) == folded
    assert not set(folded) & set("&|!():*'\\<>")


def test_a_word_to_look_for_is_no_longer_than_the_database_takes():
    assert rules.search_words("9" * 5000) == [["9" * rules.LONGEST_WORD, "<" + "9" * rules.LONGEST_WORD]]
    assert rules.search_words("\u00e4" * 5000 + " b") == [["a" * rules.LONGEST_WORD], ["b"]]
