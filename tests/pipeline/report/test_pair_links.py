"""Links to pages of pairs are made where the page exists, and nowhere else."""

from pipeline.report.pair_links import PAIR_PAGE, linked, pages_script

ONE, OTHER = "0" * 15 + "1", "0" * 15 + "2"
PAGE = f'<h3><span data-pair="{ONE}">shirt &amp; &lt;b&gt;</span></h3><p><span data-pair="{OTHER}">bag</span></p>'


def test_only_pairs_with_a_page_are_linked() -> None:
    assert linked(PAGE, {ONE}) == (
        f'<h3><a href="pairs/{ONE}.html">shirt &amp; &lt;b&gt;</a></h3><p><span data-pair="{OTHER}">bag</span></p>'
    )
    assert linked(PAGE, ()) == PAGE


def test_a_view_of_the_gallery_goes_along() -> None:
    marked = f'<span data-pair="{ONE}" data-view="among=strangest">shirt</span>'
    assert linked(marked, {ONE}) == f'<a href="pairs/{ONE}.html#in=gallery&amp;among=strangest">shirt</a>'
    assert linked(marked, ()) == marked


def test_pictures_lead_there_too() -> None:
    picture = '<img src="thumbnails/a.jpg" alt="&lt;/span&gt;">'
    marked = f'<span data-pair="{ONE}">{picture}\n{picture}</span><p></p>'
    assert linked(marked, {ONE}) == f'<a href="pairs/{ONE}.html">{picture}\n{picture}</a><p></p>'
    assert linked(f'<span data-pair="{ONE}"><b>shirt</b></span>', {ONE}).startswith("<span")


def test_what_a_dataset_writes_is_no_mark() -> None:
    escaped = f"&lt;span data-pair=&#34;{ONE}&#34;&gt;x&lt;/span&gt;"
    assert linked(escaped, {ONE}) == escaped


def test_the_script_names_the_pages_in_order() -> None:
    assert pages_script({OTHER, ONE}) == f'window.pairPages = "{ONE}{OTHER}";\n'.encode()
    assert pages_script(()) == b'window.pairPages = "";\n'


def test_pages_are_told_by_their_path() -> None:
    assert PAIR_PAGE.fullmatch(f"pairs/{ONE}.html").group(1) == ONE
    assert not PAIR_PAGE.fullmatch("pairs/index.html")
