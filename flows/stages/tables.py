"""The tables of all stages."""

from stores.table_schema import FLAG, INTEGER, NUMBER, NUMBERS, TEXT, TEXTS, Column, TableSchema

IMAGES = TableSchema(
    "images",
    "One row per readable image.",
    (
        Column("image_id", TEXT, "unique in its split; sorts it"),
        Column(
            "path",
            TEXT,
            "file relative to the dataset's root; `planted/<image_id>` for rendered items, which have no file",
        ),
        Column("split", TEXT, "`train`, `valid` or `test`"),
        Column("label", TEXT, "class, or type of an item"),
        Column("attributes", TEXTS, "names of the attributes it has, in vocabulary order"),
        Column("width_px", INTEGER, "width of the upright file before resizing"),
        Column("height_px", INTEGER, "height, likewise"),
        Column("sha256", TEXT, "of the file's bytes; of the pixels where there is no file"),
        Column("pixels_sha256", TEXT, "digest of the decoded square pixels; equal for duplicates"),
        Column(
            "similarity_target",
            NUMBERS,
            "coordinates whose cosine is the planted similarity; null for real images",
            nullable=True,
        ),
    ),
)

UNREADABLE_IMAGES = TableSchema(
    "unreadable_images",
    "One row per file that was refused.",
    (
        Column("path", TEXT, "relative to the dataset's root"),
        Column("reason", TEXT, "what was found instead of a readable image"),
    ),
)

OUTFITS = TableSchema(
    "outfits",
    "One row per outfit, in the release's order.",
    (
        Column("outfit_id", TEXT, "the release's `set_id`"),
        Column("split", TEXT, "of the outfit"),
        Column("items", TEXTS, "image ids in the order of the release's `index`, each once; unreadable ones included"),
    ),
)

TYPE_PAIRS = TableSchema(
    "type_pairs",
    "One row per unordered pair of item types that outfits bring together, a type with itself included.",
    (
        Column("position", INTEGER, "number of the condition, from 0"),
        Column("condition", TEXT, "both types in alphabetical order, with a bar between them"),
        Column("first_type", TEXT, "the alphabetically first"),
        Column("second_type", TEXT, "the other"),
    ),
)

MISSING_IMAGES = TableSchema(
    "missing_images",
    "One row per image that the list names and the test split does not have.",
    (
        Column("image_id", TEXT, "as the list names it"),
        Column("lines", INTEGER, "lines that name it"),
    ),
)

IMAGE_EMBEDDINGS = TableSchema(
    "image_embeddings",
    "One row per image, in the row order of the array `embeddings`.",
    (
        Column("image_id", TEXT, "of the image"),
        Column("split", TEXT, "of the image"),
        Column(
            "embedding_sha256", TEXT, "digest of its embedding; saliency shards depend on these, reference by reference"
        ),
    ),
)

PAIRS = TableSchema(
    "pairs",
    "One row per ordered pair, sorted by query.",
    (
        Column("pair_id", TEXT, "16 hexadecimal digits of sha256 over split, query, reference and condition"),
        Column("split", TEXT, "of both images"),
        Column("query", TEXT, "image id of the image that is explained"),
        Column("reference", TEXT, "image id of the image it is compared with"),
        Column(
            "is_match", FLAG, "false for the lines with label 0 of a released list, which are kept and not explained"
        ),
        Column(
            "condition",
            TEXT,
            "the pair of item types, as in `type_pairs`; null where items have no types",
            nullable=True,
        ),
        Column(
            "negatives",
            TEXTS,
            "always null: negatives depend on the model, pairs do not; see [`negatives`](#negatives)",
            nullable=True,
        ),
    ),
)

SIMILARITIES = TableSchema(
    "similarities",
    "One row per pair.",
    (
        Column("pair_id", TEXT, "of the pair"),
        Column(
            "similarity",
            NUMBER,
            "cosine of the two embeddings, -1 to 1; under the pair's condition where the model has a mask for it",
        ),
    ),
)

NEGATIVES = TableSchema(
    "negatives",
    "Two rows per test pair: the images most like the query that do not match it. Neither "
    "query nor reference nor a duplicate of either is among them; of outfits they are items of "
    "the reference's type that share no outfit with the query, followed by other types where "
    "there are too few.",
    (
        Column("pair_id", TEXT, "of the pair"),
        Column("query", TEXT, "image id"),
        Column("rank", INTEGER, "1 for the nearest; triplets use it alone, quadruplets both"),
        Column("image_id", TEXT, "of the negative"),
        Column(
            "similarity",
            NUMBER,
            "cosine with the query, -1 to 1; under the pair's condition where the model has a mask for it",
        ),
    ),
)

CONDITIONS = TableSchema(
    "conditions",
    "One row per mask, in the row order of the array `masks`: the type pairs that training "
    "outfits hold, or those that the user's model names.",
    (
        Column("position", INTEGER, "row of the mask, from 0"),
        Column(
            "condition",
            TEXT,
            "as in `type_pairs`; of a user's model also names that are not there, which no pair that is explained has",
        ),
    ),
)

BLANK_QUESTIONS = TableSchema(
    "blank_questions",
    "One row per test outfit with a question and way of scoring.",
    (
        Column("outfit_id", TEXT, "of the outfit that lacks an item"),
        Column("variant", TEXT, "`type_aware` (under conditions) or `general`"),
        Column("choices", TEXTS, "image ids of the candidates; the first is the right one"),
        Column("scores", NUMBERS, "mean score of each with the items that remain"),
        Column("right", NUMBER, "1 where the first scores best, a share where others score the same, else 0"),
    ),
)

REPLACED_OUTFITS = TableSchema(
    "replaced_outfits",
    "One row per test outfit that could be replaced and way of scoring.",
    (
        Column("outfit_id", TEXT, "of the outfit"),
        Column("variant", TEXT, "`type_aware` (under conditions) or `general`"),
        Column("items", TEXTS, "image ids of its readable items, sorted"),
        Column("replacements", TEXTS, "what replaces each of them, of the same type"),
        Column("score", NUMBER, "mean score over all pairs of the outfit"),
        Column("replaced_score", NUMBER, "the same of its copy"),
    ),
)

MAP_NOTES = TableSchema(
    "map_notes",
    "What a generator has to tell of a map; nothing where it has nothing to tell. Of `mask`: "
    "`iterations`, the steps taken; `final_loss`, the loss of the last of them, before its "
    "step and with its noise; `loss_at_50`, `loss_at_100` and `loss_at_250`, the losses of "
    "earlier ones (the last where there were no more).",
    (
        Column("pair_id", TEXT, "pair"),
        Column("generator", TEXT, "generator"),
        Column("mode", TEXT, "its mode"),
        Column("note", TEXT, "what the figure is"),
        Column("value", NUMBER, "the figure"),
    ),
)

PERTURBED_QUERIES = TableSchema(
    "perturbed_queries",
    "One row per query whose perturbed embeddings are kept.",
    (
        Column("query", TEXT, "image id"),
        Column("row", INTEGER, "position within this shard's array `embeddings`"),
    ),
)

MAP_ROWS = TableSchema(
    "map_rows",
    "One row per pair: where its map lies in the shard's array.",
    (
        Column("pair_id", TEXT, "of the pair"),
        Column("query", TEXT, "image id"),
        Column("reference", TEXT, "image id"),
        Column("row", INTEGER, "query position x reference slots + slot, within this shard's array `maps`"),
        Column("map_sha256", TEXT, "digest of the map as stored"),
    ),
)

MAP_LOCALISATION = TableSchema(
    "map_localisation",
    "One row per test pair of planted data: how well its map finds the pixels of the query "
    "that change under any edit of the truly best attribute. Both measures are null where that "
    "region is empty or above half of the image.",
    (
        Column("pair_id", TEXT, "of the pair"),
        Column("generator", TEXT, "of the map"),
        Column("mode", TEXT, "of the map"),
        Column(
            "attribute",
            TEXT,
            "the truly best attribute: of those that the query has, the one with the largest "
            "`true_effects.effect`; the first of equals",
        ),
        Column(
            "auroc",
            NUMBER,
            "area under the ROC curve of the map against the region, 0 to 1; 0.5 is chance, ties count half",
            nullable=True,
        ),
        Column(
            "pointing_hit",
            NUMBER,
            "1 where the map's peak lies in the region, 0 where not; of tied peaks the share that does",
            nullable=True,
        ),
        Column("region_share", NUMBER, "share of the image that the region covers", nullable=True),
    ),
)

FAITHFULNESS = TableSchema(
    "faithfulness",
    "One row per test pair.",
    (
        Column("pair_id", TEXT, "of the pair"),
        Column("generator", TEXT, "of the map"),
        Column("mode", TEXT, "always `fixed` today"),
        Column(
            "insertion_auc",
            NUMBER,
            "area under the insertion curve after scaling it to its own range, 0 to 1; 0.5 where flat; "
            "larger is better",
        ),
        Column("deletion_auc", NUMBER, "likewise for deletion; smaller is better"),
        Column(
            "insertion_auc_anchored",
            NUMBER,
            "area under the curve scaled by the blank and the full score, unclipped; NaN where those "
            "two are less than 0.02 apart",
        ),
        Column("deletion_auc_anchored", NUMBER, "likewise for deletion"),
        Column("insertion_curve", NUMBERS, "101 scores from the blank to the full image"),
        Column("deletion_curve", NUMBERS, "101 scores from the full to the blank image"),
        Column("is_constant", FLAG, "all values of the map are equal"),
        Column("insertion_is_flat", FLAG, "the curve's range is below 0.0001"),
        Column("deletion_is_flat", FLAG, "likewise"),
        Column(
            "map_change",
            NUMBER,
            "1 - the mean rank correlation (Spearman, over at most 14 x 14 cells) of the map with the "
            "query's maps for its other references; 0: the reference does not matter, about 1: "
            "unrelated; null with one reference",
            nullable=True,
        ),
    ),
)

ATTRIBUTE_VOCABULARY = TableSchema(
    "attribute_vocabulary",
    "One row per attribute, in the order of every attribute axis.",
    (
        Column("position", INTEGER, "from 0"),
        Column("attribute", TEXT, "name"),
        Column("group", INTEGER, "number of its factor; -1 for an attribute of its own"),
    ),
)

ATTRIBUTE_NOTES = TableSchema(
    "attribute_notes",
    "One row per attribute that the training images cannot tell apart; the run warns of them "
    "once, when the vocabulary is made.",
    (
        Column("attribute", TEXT, "name"),
        Column("note", TEXT, "`absent` (on no training image), `constant` (on all of them) or `identical`"),
        Column(
            "same_as", TEXT, "for `identical`: the first attribute that the same training images have", nullable=True
        ),
    ),
)

ATTRIBUTE_SCORE_ROWS = TableSchema(
    "attribute_score_rows",
    "One row per image: its row in this shard's arrays.",
    (
        Column("image_id", TEXT, "of the image"),
        Column("row", INTEGER, "from 0 in each shard"),
    ),
)

EXPLANATIONS = TableSchema(
    "explanations",
    "The ten best attributes of every test pair under every variant.",
    (
        Column("pair_id", TEXT, "of the pair"),
        Column("split", TEXT, "always `test`"),
        Column("variant", TEXT, "see [variants](#variants)"),
        Column("rank", INTEGER, "1 is the explanation"),
        Column("attribute", TEXT, "name"),
        Column(
            "score",
            NUMBER,
            "what the variant ranks by, in its own scale; null where the variant excludes the attribute",
            nullable=True,
        ),
        Column(
            "confidence",
            NUMBER,
            "confidence of `attribute_model.sane` in the query, as a share of the query's largest, "
            "whatever the variant",
            nullable=True,
        ),
        Column("map_match", NUMBER, "cosine of normalised map and activation map, whatever the variant", nullable=True),
        Column("prior", NUMBER, "count prior as a share of its largest entry, whatever the variant", nullable=True),
        Column("is_ground_truth", FLAG, "the query is labelled with the attribute", nullable=True),
    ),
)

REPLACEMENTS = TableSchema(
    "replacements",
    "One row per pair and attribute.",
    (
        Column("pair_id", TEXT, "of the pair"),
        Column("split", TEXT, "of the pair"),
        Column("attribute", TEXT, "the attribute removed"),
        Column("kind", TEXT, "always `removal` today"),
        Column(
            "effect",
            NUMBER,
            "s(replacement, reference) - s(query, reference): a drop is negative; 0 where the query "
            "lacks the attribute; null where no replacement exists",
            nullable=True,
        ),
        Column("reason", TEXT, "`query_lacks` or `none_found`; null where the query was replaced", nullable=True),
        Column(
            "distance",
            NUMBER,
            "Euclidean distance between the unit embeddings of query and replacement; bounds the effect",
            nullable=True,
        ),
        Column("replacements", TEXTS, "image ids put in the query's place: one, or none", nullable=True),
    ),
)

EMBEDDING_EFFECTS = TableSchema(
    "embedding_effects",
    "One row per test pair and attribute.",
    (
        Column("pair_id", TEXT, "of the pair"),
        Column("split", TEXT, "always `test`"),
        Column("attribute", TEXT, "name"),
        Column(
            "effect",
            NUMBER,
            "predicted s(query, reference) - s(query without the attribute, reference): positive where "
            "the attribute matters",
            nullable=True,
        ),
        Column(
            "present_probability",
            NUMBER,
            "probability that the query has the attribute, by a logistic probe on its embedding",
            nullable=True,
        ),
    ),
)

TRUE_EFFECTS = TableSchema(
    "true_effects",
    "One row per pair and attribute that can be edited in the query.",
    (
        Column("pair_id", TEXT, "of the pair"),
        Column("split", TEXT, "of the pair"),
        Column("attribute", TEXT, "name"),
        Column("present", FLAG, "the query has it"),
        Column(
            "effect",
            NUMBER,
            "s(query, reference) - s(edited query, reference), averaged over the edits that measure "
            "the attribute: positive where it matters",
        ),
        Column("effect_angle", NUMBER, "the same difference in angles between embeddings, rad"),
        Column("group", INTEGER, "number of its factor; -1 for an attribute of its own"),
        Column("is_driver", FLAG, "the planted similarity depends on it"),
    ),
)

NULL_EFFECTS = TableSchema(
    "null_effects",
    "One row per pair and edit of equally many background pixels; they set the audit's noise floor.",
    (
        Column("pair_id", TEXT, "of the pair"),
        Column("effect", NUMBER, "s(query, reference) - s(query with recoloured background pixels, reference)"),
    ),
)

AUDIT_OUTCOMES = TableSchema(
    "audit_outcomes",
    "One row per test pair and variant: what naming that attribute achieved.",
    (
        Column("pair_id", TEXT, "of the pair"),
        Column("query", TEXT, "image id"),
        Column("variant", TEXT, "see [variants](#variants)"),
        Column("attribute", TEXT, "the attribute named; null where none is", nullable=True),
        Column("effect", NUMBER, "its true effect; 0 where the query lacks it", nullable=True),
        Column("best_effect", NUMBER, "largest true effect over the query's attributes", nullable=True),
        Column("mean_present_effect", NUMBER, "mean true effect over the query's attributes", nullable=True),
        Column("eligible", FLAG, "the best effect exceeds the noise floor", nullable=True),
        Column("present", FLAG, "the query has what was named", nullable=True),
        Column("hit", FLAG, "the named effect is at least 0.9 of the best", nullable=True),
        Column("used", FLAG, "the named effect exceeds the noise floor", nullable=True),
    ),
)

PRIOR = TableSchema(
    "prior",
    "One row per attribute.",
    (
        Column("attribute", TEXT, "name"),
        Column("kind", TEXT, "always `count` today"),
        Column(
            "value",
            NUMBER,
            "share of the votes on the prior's half of the validation pairs, smoothed; sums to 1",
            nullable=True,
        ),
        Column("significance", NUMBER, "always null today", nullable=True),
    ),
)

WEIGHT_GRID = TableSchema(
    "weight_grid",
    "One row per grid point, for the grid with and the grid without the prior.",
    (
        Column("confidence_weight", NUMBER, "weight of the confidence; the three weights sum to 1"),
        Column("map_match_weight", NUMBER, "weight of the map match"),
        Column("prior_weight", NUMBER, "weight of the prior"),
        Column("prior_kind", TEXT, "`count`, or `none` for the grid without it"),
        Column("is_best", FLAG, "this point was chosen; one per `prior_kind`"),
        Column("objective", NUMBER, "mean removal drop of the attribute that this point names", nullable=True),
        Column("top1_accuracy", NUMBER, "share of pairs whose named attribute the query has", nullable=True),
    ),
)

MODEL_CHECKS = TableSchema(
    "model_checks",
    "One row per measurement; distances are between unit vectors, 0 to 2.",
    (
        Column(
            "measure",
            TEXT,
            "`embedding_dim`; `repeat_difference`, largest distance between an image's vectors when a "
            "batch is embedded twice; `batch_difference`, alone and in a batch; `largest_distance` "
            "between any two images, noise and blank ones included; `largest_distance_in_dataset`; "
            "`timed_images`; with conditions `condition_masks`, how many, `conditions_without_mask` of "
            "the dataset, `masks_of_no_condition` of it, and `smallest_norm_under_mask` of a unit "
            "vector times a mask",
        ),
        Column(
            "value", NUMBER, "what was found; NaN where the checks saw fewer than two different images of the dataset"
        ),
        Column(
            "limit",
            NUMBER,
            "where there is one: a difference above it, a largest distance below it, or a smallest "
            "norm not above it stops the run",
            nullable=True,
        ),
        Column("seconds", NUMBER, "that the timed batch took; in no digest", nullable=True, volatile=True),
    ),
)

TRAINING_HISTORY = TableSchema(
    "training_history",
    "One row per epoch; empty for a similarity model read from a file.",
    (
        Column("model", TEXT, "`similarity_model`, `sane` or `classifier`"),
        Column("epoch", INTEGER, "from 1"),
        Column("loss", NUMBER, "what was minimised"),
        Column(
            "huber_loss_mean", NUMBER, "attribute models: Huber loss averaged over images and attributes", nullable=True
        ),
        Column(
            "huber_loss_sum",
            NUMBER,
            "attribute models: Huber loss summed over attributes, averaged over images",
            nullable=True,
        ),
        Column("heatmap_loss", NUMBER, "attribute models: heat map loss; NaN where it is not computed", nullable=True),
        Column("learning_rate", NUMBER, "of the epoch", nullable=True),
        Column(
            "validation_measure",
            NUMBER,
            "similarity model: Recall@1 (triplet) or correlation with the targets (regression)",
            nullable=True,
        ),
        Column("validation_map", NUMBER, "attribute models: mean average precision, 0 to 1", nullable=True),
        Column("seconds", NUMBER, "duration; volatile, in no digest", nullable=True, volatile=True),
    ),
)

METRICS = TableSchema(
    "metrics",
    "One row per figure; see [figures](#figures-in-metrics).",
    (
        Column("table_name", TEXT, "group of figures that belong together"),
        Column("metric", TEXT, "name of the figure"),
        Column("dataset", TEXT, "`dataset.kind`", nullable=True),
        Column("similarity_model", TEXT, "`similarity_model.network`, after `type_aware` for that kind", nullable=True),
        Column(
            "variant",
            TEXT,
            "variant, attribute model, `driver` / `distractor`, or `type_aware` / `general`",
            nullable=True,
        ),
        Column("generator", TEXT, "saliency generator", nullable=True),
        Column("mode", TEXT, "always `fixed` or null today", nullable=True),
        Column("attribute", TEXT, "the attribute that the figure is about", nullable=True),
        Column("compared_with", TEXT, "the other side of a difference", nullable=True),
        Column(
            "value", NUMBER, "a fraction or a score difference, never per cent; null where undefined", nullable=True
        ),
        Column("ci_low", NUMBER, "lower end of the 95 % bootstrap interval", nullable=True),
        Column("ci_high", NUMBER, "upper end", nullable=True),
        Column("p_value", NUMBER, "of a difference, after Holm's correction over its `table_name`", nullable=True),
        Column("n", INTEGER, "pairs, images or attributes behind the figure", nullable=True),
        Column(
            "n_clusters",
            INTEGER,
            "queries (for mAP images, for `similarity_model` outfits) that were resampled",
            nullable=True,
        ),
        Column(
            "unit", TEXT, "`share`, or `count` for counts and for measured constants without an interval", nullable=True
        ),
        Column("seed", INTEGER, "`seed` of the run", nullable=True),
        Column(
            "fingerprint",
            TEXT,
            "of the `explanations` result that was read when the figures were computed",
            nullable=True,
        ),
    ),
)

AUDIT_METRICS = TableSchema(
    "audit_metrics",
    "The audit's rows on their way into `metrics`: a table of their own, so that no query counts them twice.",
    METRICS.columns,
)
COMPATIBILITY_METRICS = TableSchema(
    "compatibility_metrics", "Rows on outfits on their way into `metrics`, likewise.", METRICS.columns
)


SCHEMAS = {value.name: value for value in list(globals().values()) if isinstance(value, TableSchema)}
