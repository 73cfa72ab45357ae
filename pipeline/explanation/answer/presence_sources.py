"""Where an estimate of presence can come from, apart from what makes it, because commands read the names."""

from typing import Final

PROBE: Final = "probe"
CLASSIFIER: Final = "classifier"
