"""How well a similarity model knows what goes together: questions on outfits."""
