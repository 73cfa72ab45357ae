"""The page of one pair: evidence as plain values, and the HTML, style and script that show it."""
