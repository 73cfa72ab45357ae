"""The committed configuration page is what the settings say, and no key goes undescribed."""

import pytest
from pydantic import Field

from flows.settings.configuration import Section, Settings
from flows.settings.page import PAGE, render_configuration_page
from flows.settings.refusals import known_keys
from pipeline.errors import BadSetting


class Described(Section):
    """[described]: a section as it should be."""

    size_px: int = Field(3, ge=1, description="a side | in px")


class Undescribed(Section):
    """[undescribed]: one key says nothing."""

    size_px: int = 3


class Silent(Section):
    size_px: int = Field(3, description="a side, px")


class WithDescribed(Section):
    """The whole file."""

    described: Described = Described()  # type: ignore[call-arg]


class WithUndescribed(Section):
    """The whole file."""

    undescribed: Undescribed = Undescribed()


class WithSilent(Section):
    """The whole file."""

    silent: Silent = Silent()  # type: ignore[call-arg]


def test_the_committed_page_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == render_configuration_page(), "run: python -m flows.settings.page"


def test_every_key_is_on_the_page() -> None:
    page = render_configuration_page()
    keys = set(known_keys(Settings))
    sections = {key for key in keys if any(other.startswith(f"{key}.") for other in keys)}
    assert [key for key in sorted(keys - sections) if f"| `{key}` |" not in page] == []
    assert [key for key in sorted(sections) if f"## [{key}]" not in page] == []


def test_a_row_states_type_limits_default_and_meaning() -> None:
    page = render_configuration_page(WithDescribed)
    assert "## [described]\n\nA section as it should be.\n" in page
    assert "| `described.size_px` | whole number, at least 1 | `3` | a side \\| in px |\n" in page


@pytest.mark.parametrize(
    ("settings", "where"), [(WithUndescribed, "undescribed.size_px"), (WithSilent, r"section \[silent\]")]
)
def test_a_key_or_section_without_description_is_refused(settings: type[Section], where: str) -> None:
    with pytest.raises(BadSetting, match=where):
        render_configuration_page(settings)
