"""From a folder of images to a configuration: what it holds, what suits it, and the file."""
