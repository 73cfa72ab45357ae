"""The view `attributes_by_class`: which attributes explain the matches of each class, or type."""

from flows.commands.query_views.view import QueriedTables, Source, View

_COLUMNS = {
    "label": "class of the queries, or type of items",
    "attribute": "that answers; null: no attribute explains these pairs",
    "answers": "integer: pairs of this label that it explains",
    "pairs": "integer: explained test pairs whose query has this label",
    "share": "`answers` over `pairs`; the shares of a label sum to 1",
    "mean_effect": "mean expected drop of the score without the answer; null where no attribute answers",
}


def _sources(_generator: str, _mode: str) -> tuple[Source, ...]:
    return (Source("answers", "answers"), Source("pairs", "pairs.test"), Source("images", "images"))


def _sql(tables: QueriedTables) -> str:
    seed = "seed, " if "answers" in tables.seeded else ""
    own_seed = "answers.seed, " if seed else ""
    image_keys = tables.keys("images", "image_id")
    return f"""
with pair as (select distinct pair_id, query from pairs where split = 'test' and is_match),
image as (select {image_keys}, any_value(label) as label from images where split = 'test' group by {image_keys}),
answered as (
    select {own_seed}image.label, answers.attribute, answers.effect
    from answers join pair on pair.pair_id = answers.pair_id
    join image on image.image_id = pair.query{tables.same_seed("images", "image", "answers")}
),
counted as (
    select {seed}label, attribute, count(*) as answers,
        case when attribute is not null then avg(effect) end as mean_effect
    from answered group by {seed}label, attribute
)
select {seed}label, attribute, answers,
    (sum(answers) over (partition by {seed}label))::bigint as pairs,
    answers / sum(answers) over (partition by {seed}label) as share, mean_effect
from counted
"""


ATTRIBUTES_BY_CLASS = View(
    "attributes_by_class", "One row per label of queries and attribute that answers.", _COLUMNS, _sources, _sql
)
