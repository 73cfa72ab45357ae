"""Arrays in, arrays out: datasets, similarity, saliency, attributes, explanation, evaluation, report."""
