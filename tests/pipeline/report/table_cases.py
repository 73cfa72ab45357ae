"""Reading a table as the tests of the report do."""


def row_of(table, name):
    (row,) = (row for row in table.rows if row.cells[0].text == name and row.cells[0].note != "both")
    return [cell.text for cell in row.cells]


def all_rows_fit(table):
    return all(len(row.cells) == len(table.columns) for row in table.rows)
