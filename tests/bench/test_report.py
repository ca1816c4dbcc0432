from bench.report import Measured, table

FAST = Measured("import", {"unit": "rows/s", "floor": 10, "ours": 6, "ratio": 0.6}, least={"ratio": 0.5})
SLOW = Measured("page", {"unit": "ms", "floor": 1, "ours": 9, "ratio": 9.0, "p95": 120}, most={"p95": 100, "ratio": 8})
PLAIN = Measured("migrate", {"unit": "s", "floor": 1, "ours": 2, "ratio": 2.0})


def test_the_table_names_the_figures_that_miss_their_targets():
    assert table([FAST, SLOW, PLAIN]).splitlines() == [
        "measure  unit    floor  ours  ratio  target                  met",
        "import   rows/s  10     6     0.6    ratio >= 0.5            yes",
        "page     ms      1      9     9.0    p95 <= 100, ratio <= 8  no: p95 120, ratio",
        "migrate  s       1      2     2.0",
    ]


def test_a_figure_that_just_meets_its_target_is_none_that_misses_it():
    assert Measured("at", {"ratio": 0.5}, least={"ratio": 0.5}, most={"ratio": 0.5}).missed == []
