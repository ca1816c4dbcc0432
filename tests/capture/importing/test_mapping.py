import json

import pytest

from capture.importing.mapping import MappingError, field_code, header_key, load_mapping, make_plan
from leads.fields import is_taken

HEADER = ["Prospect ID", "Lead Source", "Converted", "Noise", "E-Mail"]
ROWS = [["p1", "Google", "1", "x", "a@x.example"], ["p2", "Select", "0", "", "b@x.example"]]


def plan(header=HEADER, rows=ROWS, definitions=None, **choices):
    return make_plan(header, rows, definitions=definitions or {}, **choices)


def targets(found):
    return {column.name: column.target for column in found.columns}


def refused(**choices):
    with pytest.raises(MappingError) as caught:
        plan(**choices)
    return caught.value.problems


def test_mapping_goes_by_name_and_skips_what_it_leaves_out():
    mapping = {
        "external_system": "xeducation",
        "not_answered": ["Select"],
        "columns": {
            "Converted": {"field": "converted", "type": "integer", "label": "Did buy"},
            "Prospect ID": "external_id",
            "Lead Source": "lead_source",
            "Noise": None,
        },
    }
    found = plan(mapping=mapping, create_fields=True)
    assert targets(found) == {"Prospect ID": "external_id", "Lead Source": "lead_source", "Converted": "converted"}
    assert [(new.code, new.label, new.type) for new in found.new_fields] == [
        ("lead_source", "Lead Source", "text"),
        ("converted", "Did buy", "integer"),
    ]
    assert (found.external_system, found.not_answered, found.skipped) == ("xeducation", ["Select"], ["Noise", "E-Mail"])


def test_mapping_may_name_columns_that_another_file_lacks():
    mapping = {"columns": {"E-Mail": "email", "Gone": "first_name"}}
    assert plan(mapping=mapping).notes == ["The mapping names the column “Gone”, which the file does not have."]
    assert "none of the columns" in refused(mapping={"columns": {"Gone": "email"}})[0]


def test_unknown_target_is_refused_by_name_unless_fields_may_be_created():
    mapping = {"columns": {"E-Mail": "email", "Noise": "shoe_size", "Converted": "hat_size"}}
    problems = refused(mapping=mapping)
    assert len(problems) == 2
    assert "“Noise” is mapped to shoe_size" in problems[1]
    assert len(plan(mapping=mapping, create_fields=True).new_fields) == 2
    assert (
        plan(
            mapping=mapping, definitions={"shoe_size": ("Shoe", "text", ()), "hat_size": ("Hat", "text", ())}
        ).new_fields
        == []
    )


@pytest.mark.parametrize("code", ["stage", "score", "grade", "owner", "fields"])
def test_what_leadfunnel_decides_cannot_be_imported(code):
    assert "sets that itself" in refused(mapping={"columns": {"E-Mail": "email", "Noise": code}}, create_fields=True)[0]


@pytest.mark.parametrize(
    ("mapping", "reason"),
    [
        ([], "object"),
        ({}, "columns"),
        ({"columns": {"a": 1}}, "“a” has to be mapped"),
        ({"columns": {"a": {"field": "x", "typ": "text"}}}, "typ"),
        ({"columns": {"a": {"field": "x", "type": "money"}}}, "type money"),
        ({"columns": {"a": "No Code"}}, "small letters"),
        ({"columns": {"a": "x"}, "colums": {}}, "colums"),
        ({"columns": {"a": "x"}, "not_answered": "Select"}, "list of words"),
        ({"columns": {"a": "x"}, "header": "no"}, "header"),
        ({"columns": {"a": "x"}, "external_system": "x" * 31}, "30"),
    ],
)
def test_faults_of_a_mapping_are_named(mapping, reason):
    with pytest.raises(MappingError) as caught:
        load_mapping(json.dumps(mapping))
    assert reason in str(caught.value)
    with pytest.raises(MappingError):
        load_mapping("{")


@pytest.mark.parametrize("text", ["[" * 20_000, '{"columns": ' * 2000, r'{"columns": {"a\u0000": "email"}}', "[NaN]"])
def test_a_mapping_that_nobody_could_keep_is_no_json(text):
    with pytest.raises(MappingError, match="is no JSON"):
        load_mapping(text)


def test_columns_are_guessed_by_their_names():
    header = ["Vorname", "Nachname", "E-Mail-Adresse", "Telefon", "Firma", "PLZ", "Ort", "Land", "Haustier"]
    found = plan(header, [["A", "B", "a@x.example", "1", "F", "1", "O", "DE", "Hund"]])
    assert targets(found) == {
        "Vorname": "first_name",
        "Nachname": "last_name",
        "E-Mail-Adresse": "email",
        "Telefon": "phone",
        "Firma": "company",
        "PLZ": "postal_code",
        "Ort": "city",
        "Land": "country",
    }
    assert found.skipped == ["Haustier"]


def test_unknown_columns_become_fields_on_request():
    header = ["Email", "Shoe size", "Größe (cm)", "Score", "2nd visit", "Shoe size (2)"]
    found = plan(header, [["a@x.example", "38", "170", "5", "2024-01-02", "x"]], create_fields=True)
    assert [(new.code, new.type) for new in found.new_fields] == [
        ("shoe_size", "integer"),
        ("grosse_cm", "integer"),
        ("score_field", "integer"),
        ("field_2nd_visit", "date"),
        ("shoe_size_2", "text"),
    ]


def test_a_column_named_like_a_field_is_that_field():
    found = plan(["Email", "Shoe Size"], [["a@x.example", "38"]], definitions={"shoe": ("Shoe size", "text", ())})
    assert targets(found) == {"Email": "email", "Shoe Size": "shoe"}


@pytest.mark.parametrize("name", ["", "   ", "!!!", "Größe", "id", "2", "A" * 300, "学校"])
def test_codes_of_new_fields_are_safe(name):
    code = field_code(name, {"grosse"})
    assert code.isascii()
    assert code[0].isalpha()
    assert len(code) <= 50
    assert not is_taken(code)
    assert code != "grosse"


def test_a_column_of_three_words_is_no_name():
    rows = [[word, "x"] for word in ("cellular", "unknown", "telephone") * 20]
    with pytest.raises(MappingError, match="No column tells who"):
        plan(["contact", "job"], rows)


def test_rows_can_be_their_own_ids():
    mapping = {"row_number": True, "external_system": "bank", "columns": {"Noise": "city"}}
    assert plan(mapping=mapping).row_number
    assert "external_system" in refused(mapping=mapping | {"external_system": ""})[0]


def test_unknown_format_is_refused():
    assert "There is no format hubspot" in refused(format_code="hubspot")[0]


def test_columns_that_differ_in_a_sign_or_an_accent_are_two():
    header = ["E-Mail", "C++", "C#", "Prénom", "prenom"]
    mapping = {"columns": {"e mail": "email", "C#": "sharp", "PRÉNOM": "first_name"}}
    found = plan(header=header, rows=[["a@x.example", "1", "2", "Zoé", "Zoe"]], mapping=mapping, create_fields=True)
    assert targets(found) == {"E-Mail": "email", "C#": "sharp", "Prénom": "first_name"}
    assert plan(header=header, mapping={"columns": {"E-Mail": "email", "C": "sharp"}}).notes == [
        "The mapping names the column “C”, which the file does not have."
    ]
    keys = {header_key(["E-Mail", name]) for name in ("C", "C++", "C#", "Prénom", "Prenom")}
    assert len(keys) == 5
    assert header_key(["Pre\u0301nom ", "a  b"]) == header_key(["Prénom", "a b"])


def test_a_column_that_the_mapping_could_mean_two_by_is_refused():
    mapping = {"columns": {"E-Mail": "email", "first name": "first_name"}}
    problems = refused(header=["E-Mail", "First_Name", "First-Name"], rows=[], mapping=mapping)
    assert problems == (
        "The mapping's column “first name” may be “First_Name” or “First-Name”: write it exactly as the file does.",
    )


def test_a_field_is_not_found_by_a_column_of_another_sign():
    definitions = {"sharp": ("C#", "text", ())}
    assert targets(plan(header=["E-Mail", "C++"], definitions=definitions)) == {"E-Mail": "email"}
    assert targets(plan(header=["E-Mail", "c#"], definitions=definitions)) == {"E-Mail": "email", "c#": "sharp"}
