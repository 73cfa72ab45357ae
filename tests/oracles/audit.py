"""The audit's definitions, pair by pair. Effects are lists with None where an edit is impossible."""


def present_effects(delta, present):
    return [d for d, is_present in zip(delta, present, strict=True) if is_present and d is not None]


def is_eligible(delta, present, floor):
    effects = present_effects(delta, present)
    return bool(effects) and max(effects) > floor


def named_effect(delta, present, named):
    return delta[named] if named >= 0 and present[named] else 0.0


def hit(delta, present, named):
    return named_effect(delta, present, named) >= 0.9 * max(present_effects(delta, present))


def mean_of(function, pairs):
    results = [function(pair) for pair in pairs]
    return sum(results) / len(results)


def regret(pairs):
    """Normalised regret over (delta, present, named) of eligible pairs."""
    lost = possible = 0.0
    for delta, present, named in pairs:
        effects = present_effects(delta, present)
        lost += max(effects) - named_effect(delta, present, named)
        possible += max(effects) - sum(effects) / len(effects)
    return lost / possible


def kendall_tau_b(first, second):
    """Concordant minus discordant over the geometric mean of the untied pairs; None where undefined."""
    score = untied_first = untied_second = 0
    for i in range(len(first)):
        for j in range(i):
            a, b = first[i] - first[j], second[i] - second[j]
            untied_first += a != 0
            untied_second += b != 0
            score += (a * b > 0) - (a * b < 0)
    if untied_first == 0 or untied_second == 0:
        return None
    return score / (untied_first * untied_second) ** 0.5


def auroc(values, inside):
    """Share of (inside, outside) pixel pairs in which the inside one is larger, ties counted half."""
    wins = pairs = 0.0
    for value, is_inside in zip(values, inside, strict=True):
        if not is_inside:
            continue
        for other, other_inside in zip(values, inside, strict=True):
            if not other_inside:
                pairs += 1
                wins += 1.0 if value > other else 0.5 if value == other else 0.0
    return wins / pairs
