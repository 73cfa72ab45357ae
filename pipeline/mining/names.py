"""Names of losses and forms, as the settings spell them."""

# By loss, how many images of a tuple are erased together: a pair of a class, with one or two images of others.
LOSSES = {"contrastive": 2, "triplet": 3, "quadruplet": 4}
# No metric loss: classifiers of stripes know no tuples, and what is erased beside them are triplets.
STRIPES = "stripe_classification"
FORMS = ("none", "printed", "negated", "absolute")
MAPS = ("similarity_attention", "grad_cam")
