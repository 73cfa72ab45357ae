"""Market-1501 (Zheng et al., 2015), for finding persons again by another camera."""
