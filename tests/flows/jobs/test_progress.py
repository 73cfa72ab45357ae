"""Lines of progress: seldom enough to read, with the time left."""

import pytest

from flows.jobs import progress
from flows.jobs.progress import report_count


def test_counted_work_tells_the_time_left_at_most_every_few_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([0.0, 4.0, 6.0, 7.0, 12.0])
    lines: list[str] = []
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(clock))
    monkeypatch.setattr(progress.LOG, "info", lambda text, *values, extra: lines.append(text % values))
    report = report_count("embedding_effects.test", "attributes probed")
    for done in (1, 2, 3, 4):
        report(done, 8)
    assert lines == [
        "embedding_effects.test: 2 of 8 attributes probed, about 18 s left",
        "embedding_effects.test: 4 of 8 attributes probed, about 12 s left",
    ]
