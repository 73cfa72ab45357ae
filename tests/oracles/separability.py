"""Slow groups of attributes: columns built one at a time, condition numbers from the whole matrix by its SVD."""

import numpy as np


def unit(column: np.ndarray) -> np.ndarray:
    centred = column - column.mean()
    return centred / np.sqrt(sum(float(v) ** 2 for v in centred))


def group_column(labels: np.ndarray, group: dict[int, int]) -> np.ndarray:
    """Mean over members of their labels, those with sign -1 turned round."""
    return np.mean([labels[:, a] if sign > 0 else 1 - labels[:, a] for a, sign in group.items()], axis=0)


def scaled_matrix(labels: np.ndarray, groups: list[dict[int, int]], factors: list[int]) -> np.ndarray:
    columns = [group_column(labels, group) for group in groups]
    # the mean of a group has coefficients in units of the sum over its members
    rows = [list(row) for row in np.stack([unit(c) for c in columns], axis=1)]
    for factor in sorted({f for f in factors if f >= 0}):
        values = [a for a in range(len(factors)) if factors[a] == factor and 0 < labels[:, a].sum() < len(labels)]
        whole = [list(group) for group in groups]
        if len(values) < 2 or any([a] not in whole for a in values):
            continue
        lengths = np.array([np.linalg.norm(labels[:, a] - labels[:, a].mean()) for a in values])
        row = [0.0] * len(groups)
        for a, length in zip(values, lengths, strict=True):
            row[whole.index([a])] = length / np.linalg.norm(lengths)
        rows.append(row)
    return np.array(rows)


def condition(matrix: np.ndarray) -> float:
    singular = np.linalg.svd(matrix, compute_uv=False)
    if len(singular) < matrix.shape[1] or singular[-1] <= 1e-5 * singular[0]:
        return float("inf")
    return float(singular[0] / singular[-1])


def groups(labels_na: np.ndarray, factors: list[int], correlation_limit: float, limit: float) -> list[dict[int, int]]:
    """Return each group as attribute -> sign towards the group's first attribute."""
    labels = labels_na.astype(float)
    found = [{a: 1} for a in range(labels.shape[1]) if 0 < labels[:, a].sum() < len(labels)]
    while len(found) > 1:
        columns = [unit(group_column(labels, group)) for group in found]
        correlation = [
            [0.0 if i == j else float(columns[i] @ columns[j]) for j in range(len(found))] for i in range(len(found))
        ]
        allowed = set(range(len(found)))
        if max(abs(c) for row in correlation for c in row) < correlation_limit - 1e-10:
            matrix = scaled_matrix(labels, found, factors)
            if condition(matrix) <= limit:
                break
            _, singular, right = np.linalg.svd(matrix)
            singular = np.concatenate([singular, np.zeros(len(found) - len(singular))])
            parts = sum(right[k] ** 2 for k in range(len(found)) if singular[k] < singular[0] / limit)
            least = min(0.1 * max(parts), sorted(parts)[-2])
            allowed = {k for k, part in enumerate(parts) if part >= least}
        pairs = [(i, j) for i in sorted(allowed) for j in sorted(allowed) if i < j]
        i, j = max(pairs, key=lambda pair: round(abs(correlation[pair[0]][pair[1]]), 9))
        turn = -1 if correlation[i][j] < 0 else 1
        found[i].update({a: sign * turn for a, sign in found[j].items()})
        del found[j]
    return found
