"""What subjects see of a question, by protocol, as values for the page."""

from typing import Any, Final, Protocol, TypeVar

from pipeline.study.attribute_words import attribute_words
from pipeline.study.conditions import RANDOM, Condition
from pipeline.study.design import PREDICTION, PREFERENCE
from pipeline.study.items import MatchedPair, Triplet

_IMAGE: Final = "image"
_CAPTION: Final = "caption"
Asked = TypeVar("Asked", contravariant=True)


class Pictures(Protocol):
    """Files of a dataset's images and maps, relative to the pages."""

    def photograph(self, image_id: str) -> str:
        """Return the file of an image."""

    def map_over(self, pair_id: str) -> str:
        """Return the file of a pair's query under its map."""


class QuestionKind(Protocol[Asked]):
    """What a protocol shows of its items. The target is the option that the analysis counts."""

    name: str
    prompt: str

    def item_id(self, item: Asked, /) -> str:
        """Return the item's id in the design."""

    def question(
        self, item: Asked, condition: Condition, target_is_first: bool, pictures: Pictures, /
    ) -> dict[str, Any]:
        """Return the images in common, and the two options."""

    def check(self, item: Asked, condition: Condition, target_is_first: bool, pictures: Pictures, /) -> dict[str, Any]:
        """Return the same of an attention check."""


class Preference:
    """Which of two attributes explains the match better: that of a source, or one drawn at random.

    Source: first arXiv version, section 4.2 and appendix B.4. Item B is the query, whose attribute it is.
    """

    name = PREFERENCE
    prompt = "What property of item B better explains why it matches item A?"

    def item_id(self, item: MatchedPair) -> str:
        """Return the pair's id."""
        return item.pair_id

    def question(
        self, item: MatchedPair, condition: Condition, target_is_first: bool, pictures: Pictures
    ) -> dict[str, Any]:
        """Return both images and both attributes."""
        options = [{"text": attribute_words(item.attributes[name])} for name in (str(condition.source), RANDOM)]
        figures = [
            {_IMAGE: pictures.photograph(item.reference), _CAPTION: "A"},
            {_IMAGE: pictures.photograph(item.query), _CAPTION: "B"},
        ]
        return {"figures": figures, "options": _placed(options, target_is_first)}

    def check(
        self, item: MatchedPair, condition: Condition, target_is_first: bool, pictures: Pictures
    ) -> dict[str, Any]:
        """Return a question that says which answer it wants."""
        shown = self.question(item, condition, target_is_first, pictures)
        wanted = attribute_words(item.attributes[str(condition.source)])
        note = f"This question checks that you are reading: please choose “{wanted}” here, whatever you think of it."
        return {**shown, "note": note}


class Prediction:
    """Which of two references the model scores higher, with or without explanations of both matches.

    Source: ECCV supplement, section 3, figures 7 and 8. They do not say which maps and attributes are shown: here
    those of both matches, map and attribute of A against each, so that what is shown does not give the answer away.
    """

    name = PREDICTION
    prompt = "Which item did the similarity model score as the better match for item A?"

    def item_id(self, item: Triplet) -> str:
        """Return the ids of the better and the worse pair."""
        return f"{item.better.pair_id}|{item.worse.pair_id}"

    def question(
        self, item: Triplet, condition: Condition, target_is_first: bool, pictures: Pictures
    ) -> dict[str, Any]:
        """Return A, and B and C with what the condition tells of their matches."""
        options = []
        for pair in (item.better, item.worse):
            option = {_IMAGE: pictures.photograph(pair.reference)}
            if condition.has_map:
                option["map"] = pictures.map_over(pair.pair_id)
            if condition.source is not None:
                option["text"] = attribute_words(pair.attributes[condition.source])
            options.append(option)
        return self._shown(item, options, target_is_first, pictures)

    def check(self, item: Triplet, _condition: Condition, target_is_first: bool, pictures: Pictures) -> dict[str, Any]:
        """Return A beside itself and another item: a model scores nothing higher than the image itself."""
        images = (item.better.query, item.worse.reference)
        options = [{_IMAGE: pictures.photograph(image_id)} for image_id in images]
        return self._shown(item, options, target_is_first, pictures)

    @staticmethod
    def _shown(
        item: Triplet, options: list[dict[str, str]], target_is_first: bool, pictures: Pictures
    ) -> dict[str, Any]:
        placed = _placed(options, target_is_first)
        named = [{**option, _CAPTION: caption} for option, caption in zip(placed, ("B", "C"), strict=True)]
        return {"figures": [{_IMAGE: pictures.photograph(item.better.query), _CAPTION: "A"}], "options": named}


def _placed(options: list[dict[str, str]], target_is_first: bool) -> list[dict[str, str]]:
    """Return the options in their places; the target comes first in `options`."""
    return options if target_is_first else options[::-1]
