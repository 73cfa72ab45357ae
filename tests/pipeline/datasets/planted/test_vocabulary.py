from pipeline.datasets.planted.vocabulary import (
    FACTORS,
    PARTS,
    PARTS_OF_TYPE,
    TYPES,
    attribute_groups,
    attribute_names,
)


def test_there_are_enough_distinct_attributes() -> None:
    names = attribute_names()
    assert len(names) >= 20
    assert len(set(names)) == len(names)
    assert {"body_colour:red", "part:pocket"} <= set(names)


def test_groups_join_the_values_of_one_factor_and_nothing_else() -> None:
    groups = dict(zip(attribute_names(), attribute_groups(), strict=True))
    for factor, values in FACTORS.items():
        assert len({groups[f"{factor}:{value}"] for value in values}) == 1
    assert len({group for group in groups.values() if group >= 0}) == len(FACTORS)
    assert {groups[f"part:{part}"] for part in PARTS} == {-1}


def test_every_type_lists_known_parts_in_vocabulary_order() -> None:
    assert set(PARTS_OF_TYPE) == set(TYPES)
    for parts in PARTS_OF_TYPE.values():
        assert list(parts) == [part for part in PARTS if part in parts]
    assert set().union(*PARTS_OF_TYPE.values()) == set(PARTS)
