"""Reading a table as the tests of the report do."""


def row_of(table, name):
    """Return the texts of a row, of which the first is the machine's name where people's name stands before it."""
    (row,) = (row for row in table.rows if name in (name_of(row), row.cells[0].text) and row.cells[0].note != "both")
    return [name, *(cell.text for cell in row.cells[1:])]


def name_of(row):
    """Return the machine's name, small beside people's name; the text where there is none."""
    return row.cells[0].note.partition(": ")[0] or row.cells[0].text


def all_rows_fit(table):
    return all(len(row.cells) == len(table.columns) for row in table.rows)
