"""How windows lie on an image, in whole numbers; imports no torch, so that settings can ask."""

# Sides are given in 1/112 of the image's side: pixels, at the size that the papers use.
UNITS_PER_SIDE = 112
PAPERS, AUTHORS_CODE = "papers", "authors_code"
WINDOW_SIDES = {PAPERS: 39, AUTHORS_CODE: 32}
# Every pixel of the query is covered by at least 3 x 3 windows; those of the reference stay within it.
QUERY_WINDOWS_AT_THE_EDGE, REFERENCE_WINDOWS_AT_THE_EDGE = 3, 1


def fewest_windows(side: int, at_the_edge: int) -> int:
    """Return how few windows along an axis still cover every pixel as often as the pixels at the edge.

    Args:
        side: of a window, in 1/112 of the image's side.
        at_the_edge: windows over the first pixel and over the last.
    """
    # A window must be as long as `at_the_edge` steps, and these share what it leaves free of the image's side.
    steps = -(-at_the_edge * (UNITS_PER_SIDE - side) // side)
    return 2 * at_the_edge - 1 + steps
