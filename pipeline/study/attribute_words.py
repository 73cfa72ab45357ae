"""Names of attributes as words for people who do not know the dataset."""


def attribute_words(name: str) -> str:
    """Return a name with spaces for underscores and after colons: `body_colour:red` as "body colour: red"."""
    return " ".join(name.replace("_", " ").replace(":", ": ").split()) or name
