"""The page that shows every pair, and the columns that its script draws it from."""
