"""Numbers as the report prints them: fractions stay fractions until here."""

import math

MISSING = "–"
PERCENT = 100.0


def number_text(value: float | None, scale: float = 1.0, decimals: int = 1) -> str:
    """Return value x scale with fixed decimals and a true minus sign; a dash for None, NaN or infinity."""
    if value is None or not math.isfinite(value):
        return MISSING
    text = f"{value * scale:,.{decimals}f}"
    # What rounds to zero has no sign.
    if not text.strip("-0.,"):
        text = text.lstrip("-")
    return text.replace("-", "\N{MINUS SIGN}")


def interval_text(low: float | None, high: float | None, scale: float = 1.0, decimals: int = 1) -> str:
    """Return "[low, high]", scaled alike; nothing where an end is unknown."""
    ends = (number_text(low, scale, decimals), number_text(high, scale, decimals))
    return "" if MISSING in ends else f"[{ends[0]}, {ends[1]}]"


def count_text(value: float | None) -> str:
    """Return a whole number with thousands separators, or a dash."""
    return number_text(value, decimals=0)


def significant_text(value: float | None, digits: int = 2) -> str:
    """Return a number of any size with so many significant digits, such as "0.00001" or "3.1e−7"; a dash for none."""
    if value is None or number_text(value) == MISSING:
        return MISSING
    mantissa, _, exponent = f"{value:.{digits - 1}e}".partition("e")
    power = int(exponent)
    if abs(power) < 6:
        return _without_zeros(number_text(float(f"{mantissa}e{power}"), decimals=max(digits - 1 - power, 0)))
    return f"{_without_zeros(number_text(float(mantissa), decimals=digits - 1))}e{count_text(power)}"


def _without_zeros(text: str) -> str:
    return text.rstrip("0").rstrip(".") if "." in text else text


def p_value_text(value: float | None, is_bound: bool = False) -> str:
    """Return a p-value with three decimals, "< 0.001" below that, "≤ 0.004" where it is at most that, or a dash."""
    if value is not None and math.isfinite(value) and value < 0.001:
        return "< 0.001"
    if value is not None and is_bound and value < 1:
        # Rounded up, so that it stays a bound.
        return f"≤ {number_text(math.ceil(value * 1000) / 1000, decimals=3)}"
    return number_text(value, decimals=3)


def seconds_text(seconds: float) -> str:
    """Return a duration in seconds, minutes or hours, whichever reads best."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 120:
        return f"{whole} s"
    if whole < 7200:
        return f"{whole // 60} min {whole % 60:02d} s"
    minutes = round(whole / 60)
    return f"{minutes // 60} h {minutes % 60:02d} min"


def moment_text(iso: str) -> str:
    """Return "2026-11-20 18:02 UTC" for an ISO 8601 moment in UTC, to the minute; other texts unchanged."""
    is_utc = iso.endswith(("+00:00", "Z")) and iso[10:11] == "T"
    return f"{iso[:10]} {iso[11:16]} UTC" if is_utc else iso
