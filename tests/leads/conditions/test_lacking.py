import pytest

from leads.conditions import Vocabulary, lacking, lacking_words, matching
from leads.models import Lead
from tests.factories.leads import make_lead

KIEL = {"field": "city", "op": "is", "value": "Kiel"}
BONN = {"field": "city", "op": "is", "value": "Bonn"}
PHONE = {"field": "phone", "op": "filled"}


@pytest.mark.parametrize(
    ("tree", "parts"),
    [
        (KIEL, [KIEL]),
        ({"all": [KIEL, PHONE]}, [KIEL, PHONE]),
        ({"all": [PHONE, {"any": [KIEL, BONN]}]}, [PHONE, {"any": [KIEL, BONN]}]),
        ({"any": [{"all": [KIEL, PHONE]}]}, [KIEL, PHONE]),
        ({"not": {"not": {"all": [KIEL, PHONE]}}}, [KIEL, PHONE]),
        ({"not": {"any": [{"field": "city", "op": "is", "value": "Jena"}, {"not": PHONE}]}}, [PHONE]),
    ],
)
def test_who_meets_a_condition_lacks_nothing_and_the_others_lack_parts_of_it(cast, now, tree, parts):
    good, bad = make_lead(city="Kiel", phone="+49 89 1234567"), make_lead(city="Ulm")
    vocabulary = Vocabulary.load()

    found = lacking(Lead.objects.all(), {"it": tree}, now=now, vocabulary=vocabulary)

    assert found == {bad.pk: {"it": parts}}
    assert list(matching(Lead.objects.all(), tree, now=now)) == [good]


def test_what_is_lacking_is_said_in_english(cast):
    vocabulary = Vocabulary.load()
    gone = {"field": "gone", "op": "filled"}
    assert lacking_words([KIEL, gone], vocabulary) == ['city is "Kiel"', "what is no longer known here"]
