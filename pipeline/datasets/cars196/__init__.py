"""Cars-196 (Krause et al., 2013), for retrieval with disjoint classes."""
