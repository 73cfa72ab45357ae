"""Variants that are told the query's labels form a family of their own."""

from pipeline.evaluation.metrics.families import is_told_labels, told_families


def test_who_is_told_the_labels_is_apart() -> None:
    names = ["embedding_effect", "sane", "sane+match~shuffled", "classifier", "another"]
    assert told_families(names) == [["sane", "sane+match~shuffled", "classifier", "another"], ["embedding_effect"]]
    assert is_told_labels("embedding_effect")
    assert not is_told_labels("embedding_effect+presence")


def test_there_is_no_empty_family() -> None:
    assert told_families(["embedding_effect"]) == [["embedding_effect"]]
    assert told_families([]) == []
