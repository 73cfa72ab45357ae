"""One-shot segmentation (SAM, section 4.3): maps as seeds of GrabCut, judged by the overlap with true masks."""
