"""Errors of asking for results that there are not: what was asked, and what to do."""

import difflib
import shlex
from collections.abc import Sequence
from dataclasses import dataclass

from flows.engine.plan import StagePlan
from flows.engine.short_reasons import keeping, state_text
from pipeline.errors import BadSetting
from stores.errors import MissingArtifact

CLOSE_IDS_SHOWN = 3


@dataclass(frozen=True)
class Refusals:
    """Errors about the results of one configuration.

    Attributes:
        config: the configuration file as the user names it.
        overrides: key=value over it.
    """

    config: str
    overrides: tuple[str, ...]

    def not_made(self, plan: StagePlan, store: str) -> MissingArtifact:
        """Return the error for a stage that is not current in a store."""
        return MissingArtifact(
            expected=f"the result of {plan.stage.name}, current for this configuration",
            found=f"it is {state_text(plan.state, plan.reasons)}",
            where=store,
            remedy=f"run it first: {self._command('run', '--until', plan.stage.name)}{keeping([plan.reasons])}",
        )

    def unknown_pair(self, pair_id: str) -> BadSetting:
        """Return the error for an id that no test pair has."""
        sql = "select pair_id, query, reference, split from pairs"
        return BadSetting(
            expected="the id of a test pair",
            found=repr(pair_id),
            where="the table pairs",
            remedy=f"choose one with split test: {self._command('query', sql)}",
        )

    def unexplained_pair(self, pair_id: str, how: str, setting: str) -> BadSetting:
        """Return the error for a test pair that is not among those that a stage explains."""
        return BadSetting(
            expected=f"a test pair that is explained {how}",
            found=f"{pair_id}, which is not one of them",
            where=self.config,
            remedy=f"choose another pair, or raise {setting}",
        )

    def unknown_generator(self, generator: str, mode: str, known: Sequence[tuple[str, str]]) -> BadSetting:
        """Return the error for maps that the configuration does not make."""
        return BadSetting(
            expected="maps of one of " + ", ".join(" ".join(made) for made in known),
            found=f"generator {generator!r}, mode {mode!r}",
            where=self.config,
            remedy="choose one of these, or add it to saliency.generators or to the generator's modes, and run",
        )

    def one_sided(self) -> BadSetting:
        """Return the error for a configuration that explains no pair from both sides."""
        return BadSetting(
            expected="a configuration that explains matches from both sides",
            found="saliency.correspondence.enabled = false",
            where=self.config,
            remedy=self._command("run", "--set", "saliency.correspondence.enabled=true")
            + ", and open the results with the same setting",
        )

    def no_attribute_maps(self) -> BadSetting:
        """Return the error for a configuration that makes no maps of attributes."""
        return BadSetting(
            expected="a configuration that keeps RISE's passes of a model without conditions",
            found="saliency.rise.keep does not hold test pairs, or the model has conditions",
            where=self.config,
            remedy=self._command("run", "--set", "saliency.rise.keep=true") + ", and open the results with the same",
        )

    def no_attribute(self, pair_id: str) -> BadSetting:
        """Return the error for a pair that no attribute explains."""
        return BadSetting(
            expected="a pair that an attribute explains",
            found=f"{pair_id}, which none explains",
            where="the table answers",
            remedy="choose one whose attribute is not null",
        )

    def no_images(self) -> BadSetting:
        """Return the error for an empty list of ids."""
        return BadSetting(
            expected="the id of at least one image",
            found="none",
            where="embeddings(image_ids)",
            remedy=f"choose some: {self._command('query', 'select image_id, split from images')} lists them",
        )

    def unknown_image(self, image_id: str, known: Sequence[str]) -> BadSetting:
        """Return the error for an id that no image has."""
        close = difflib.get_close_matches(image_id, dict.fromkeys(known), n=CLOSE_IDS_SHOWN)
        suggestion = f"did you mean {', '.join(close)}? " if close else ""
        return BadSetting(
            expected="the id of an image",
            found=repr(image_id),
            where="the table images",
            remedy=f"{suggestion}{self._command('query', 'select image_id, split from images')} lists them",
        )

    def _command(self, name: str, *words: str) -> str:
        chosen = [word for override in self.overrides for word in ("--set", override)]
        return shlex.join(["sane", name, self.config, *words, *chosen])
