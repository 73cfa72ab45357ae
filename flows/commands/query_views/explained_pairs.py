"""The view `explained_pairs`: all that a run says of a pair in one row."""

from flows.commands.query_views.view import QueriedTables, Source, View

_COLUMNS = {
    "pair_id": "of a test pair",
    "query": "image id of the image that is explained",
    "reference": "image id of the image it is compared with",
    "condition": "the pair of item types; null where items have no types",
    "query_label": "class of the query, or type of an item",
    "reference_label": "likewise of the reference",
    "query_attributes": "list of text: attributes that the query is labelled with",
    "reference_attributes": "likewise of the reference",
    "similarity": "score of the model, -1 to 1",
    "answer": "the attribute that explains the match; null where none does",
    "reason": "why there is none: `no_effect` or `no_candidates`",
    "leading_attribute": "named first, whether its effect is told from none or not",
    "answered_by": "the variant that answers",
    "effect": "expected drop of the score without the leading attribute",
    "effect_low": "lower end of its 95 % interval",
    "effect_high": "upper end",
    "p_value": "of its effect, as in `answers`",
    "probability": "of what `probability_of` says",
    "probability_of": "`largest_true_effect` or `query_has_attribute`",
    "query_has_leading": "true or false: the query is labelled with the leading attribute",
    "true_best_attribute": "rendered items: the attribute of the query with the largest true effect",
    "true_best_effect": "its true effect",
    "true_effect": "of the answer; 0 where the query lacks it, null without an answer",
    "regret": "`true_best_effect` less `true_effect`",
    "is_eligible": "true or false: the largest true effect exceeds the audit's noise floor",
    "is_right": "true or false: the answer's true effect is at least 0.9 of the largest",
    "generator": "whose maps the explanations were matched with",
    "insertion_auc": "of its map, 0 to 1; larger is better",
    "deletion_auc": "likewise; smaller is better",
    "first_attributes": "map from variant to the attribute that it ranks first: `first_attributes['sane+match']`",
}


def _sources(generator: str, mode: str) -> tuple[Source, ...]:
    return (
        Source("answers", "answers"),
        Source("pairs", "pairs.test"),
        Source("images", "images"),
        Source("explanations", "explanations"),
        Source("attribute_vocabulary", "vocabulary"),
        Source("similarities", "similarities.test", is_needed=False),
        Source("true_effects", "true_effects.test", is_needed=False),
        Source("audit_outcomes", "audit", is_needed=False),
        Source("faithfulness", f"faithfulness.{generator}.{mode}", is_needed=False),
    )


def _sql(tables: QueriedTables) -> str:
    seed = "answers.seed, " if "answers" in tables.seeded else ""
    image_keys = tables.keys("images", "image_id")
    of_query, of_reference = (tables.same_seed("images", f"{side}_image", "answers") for side in ("query", "reference"))
    return f"""
with pair as (select distinct pair_id, query, reference, condition from pairs where split = 'test' and is_match),
image as (
    select {image_keys}, any_value(label) as label, any_value(attributes) as attributes
    from images where split = 'test' group by {image_keys}
),
vocabulary as (select attribute, min(position) as position from attribute_vocabulary group by attribute),
firsts as (
    select {tables.keys("explanations")},
        map(list(variant order by variant), list(attribute order by variant)) as first_attributes
    from explanations where rank = 1 and split = 'test' and score is not null group by all
),
{_scores(tables)},
{_truth(tables)},
{_outcomes(tables)},
{_curves(tables)}
select {seed}answers.pair_id, pair.query, pair.reference, pair.condition,
    query_image.label as query_label, reference_image.label as reference_label,
    query_image.attributes as query_attributes, reference_image.attributes as reference_attributes,
    score.similarity, answers.attribute as answer, answers.reason, answers.leading_attribute,
    answers.variant as answered_by, answers.effect, answers.effect_low, answers.effect_high, answers.p_value,
    answers.probability, answers.probability_of, answers.is_ground_truth as query_has_leading,
    truth.true_best_attribute, truth.true_best_effect, outcome.true_effect,
    truth.true_best_effect - outcome.true_effect as regret, outcome.is_eligible, outcome.is_right,
    '{tables.generator}' as generator, curve.insertion_auc, curve.deletion_auc, firsts.first_attributes
from answers
join pair on pair.pair_id = answers.pair_id
left join image as query_image on query_image.image_id = pair.query{of_query}
left join image as reference_image on reference_image.image_id = pair.reference{of_reference}
left join score on {tables.same_pair("similarities", "score", "answers")}
left join firsts on {tables.same_pair("explanations", "firsts", "answers")}
left join truth on {tables.same_pair("true_effects", "truth", "answers")}
left join outcome on {tables.same_pair("audit_outcomes", "outcome", "answers")}
left join curve on {tables.same_pair("faithfulness", "curve", "answers")}
"""


def _scores(tables: QueriedTables) -> str:
    if "similarities" not in tables.names:
        return _empty("score", "similarity double")
    return f"score as (select {tables.keys('similarities')}, similarity from similarities)"


def _truth(tables: QueriedTables) -> str:
    if "true_effects" not in tables.names:
        return _empty("truth", "true_best_attribute varchar, true_best_effect double")
    keys = tables.keys("true_effects")
    return f"""truth as (
    select {keys}, first(attribute order by effect desc, position) as true_best_attribute,
        max(effect) as true_best_effect
    from true_effects join vocabulary using (attribute) where split = 'test' and present group by {keys}
)"""


def _outcomes(tables: QueriedTables) -> str:
    if "audit_outcomes" not in tables.names:
        return _empty("outcome", "true_effect double, is_eligible boolean, is_right boolean")
    return f"""outcome as (
    select {tables.keys("audit_outcomes")}, case when attribute is not null then effect end as true_effect,
        eligible as is_eligible, case when attribute is not null then hit end as is_right
    from audit_outcomes where variant = 'answer'
)"""


def _curves(tables: QueriedTables) -> str:
    if "faithfulness" not in tables.names:
        return _empty("curve", "insertion_auc double, deletion_auc double")
    return f"""curve as (
    select {tables.keys("faithfulness")}, insertion_auc, deletion_auc
    from faithfulness where generator = '{tables.generator}' and mode = '{tables.mode}'
)"""


def _empty(name: str, columns: str) -> str:
    """Return a common table without rows, of typed columns."""
    values = [f"null::{kind} as {column}" for column, kind in (one.split() for one in columns.split(", "))]
    return f"{name} as (select null::varchar as pair_id, {', '.join(values)} where false)"


EXPLAINED_PAIRS = View("explained_pairs", "One row per explained test pair.", _COLUMNS, _sources, _sql)
