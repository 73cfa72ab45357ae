"""Made-up figures of edits."""

from tests.pipeline.report.report_cases import count, figure


def whole_edit(edit, cause, where, elsewhere):
    """Figures of one edit of the whole item; their intervals reach 0.02 to either side."""
    shares = {"cause_share": cause, "unexplained_where_cause": where, "unexplained_elsewhere": elsewhere}
    return [figure("edit_effects", metric, value, variant=edit) for metric, value in shares.items()]


def recoloured(correlation, intercept, variant="embedding_effect"):
    """Figures of edits of colour, whose mean effect is 0.09."""
    table = "recolour_audit"
    return [
        figure(table, "mean_effect", 0.09),
        figure(table, "cause_share", 0.142),
        figure(table, "spearman", correlation, n=551, variant=variant),
        figure(table, "names_colour_where_cause", 0.013, variant=variant),
        figure(table, "names_colour_elsewhere", 0.011, variant=variant),
        figure(table, "calibration_intercept", intercept, variant="embedding_effect"),
        count(table, "measured_queries", 188, 517),
    ]
