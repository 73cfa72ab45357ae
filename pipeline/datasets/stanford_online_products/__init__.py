"""Stanford Online Products (Oh Song et al., 2016), for retrieval with disjoint classes."""
