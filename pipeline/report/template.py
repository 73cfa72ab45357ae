"""The report's page as a Jinja template; every value is escaped where it is put in."""

from typing import Final

# A Python text rather than a file beside it, so that it is part of the stage's code id.
TEMPLATE: Final = """\
{%- macro data_table(table) -%}
<h3>{{ table.title }}</h3>
<div class="wide"><table class="data">
<thead>
{%- if table.groups %}
<tr class="groups">{% for name, span in table.groups -%}
<th colspan="{{ span }}">{{ name }}</th>{% endfor %}</tr>
{%- endif %}
<tr>{% for column in table.columns -%}
<th scope="col"{% if column.is_text %} class="text"{% endif %}>{{ column.heading }}
{%- if column.hint %}<small>{{ column.hint }}</small>{% endif %}</th>
{%- endfor %}</tr>
</thead>
<tbody>
{%- for row in table.rows %}
<tr{% if row.tone %} class="{{ row.tone }}"{% endif %}>
{%- for cell in row.cells -%}
{%- set tones = [cell.tone, "text" if table.columns[loop.index0].is_text else ""] | select | join(" ") -%}
<td{% if tones %} class="{{ tones }}"{% endif %}>{{ cell.text }}
{%- if cell.note %}<small>{{ cell.note }}</small>{% endif -%}
{%- if cell.share is not none %}{{ track(cell.share) }}{% endif %}</td>
{%- endfor %}</tr>
{%- endfor %}
</tbody>
</table></div>
{%- for note in table.notes %}
<p class="note">{{ note }}</p>
{%- endfor %}
{%- endmacro -%}
{%- macro track(share, kind="") -%}
<div class="track {{ kind }}"><i style="width:{{ "%.1f" | format(100 * share) }}%"></i></div>
{%- endmacro -%}
{%- macro bars(items) -%}
<div class="bars">
{%- for bar in items %}
<span>{{ bar.label }}</span>{{ track(bar.share, bar.kind) }}<span class="value">{{ bar.text }}
{%- if bar.note %}<small>{{ bar.note }}</small>{% endif %}</span>
{%- endfor %}
</div>
{%- endmacro -%}
{%- macro drawing(picture) -%}
<figure><img src="{{ picture.uri }}" width="{{ picture.width_px }}" alt="{{ picture.alt }}"></figure>
{%- endmacro -%}
{%- macro map_gallery(gallery) -%}
<h3>The same pairs under every generator</h3>
<p class="note">Pairs are chosen by the seed, among those that every generator has maps of; two pairs of one
 query differ in the reference alone. Colours run from each map’s own minimum to its maximum.</p>
<div class="wide"><table class="gallery">
<thead><tr><th></th>{% for caption in gallery.captions %}<th scope="col">{{ caption }}</th>{% endfor %}</tr></thead>
<tbody>
{%- for line in gallery.lines %}
<tr><th scope="row">{{ line.name }}{% if line.note %}<small>{{ line.note }}</small>{% endif %}</th>
{%- for picture in line.pictures -%}
<td>{% if picture %}<img src="{{ picture }}" alt="{{ line.name }} {{ line.note }}">
{%- else %}<div class="blank">flat, or none</div>{% endif %}</td>
{%- endfor %}</tr>
{%- endfor %}
</tbody></table></div>
{%- endmacro -%}
{%- macro truth(is_true) -%}
{%- if is_true -%}<span class="mark" title="an attribute of the query">✓</span>
{%- elif is_true is none -%}<span class="mark"></span>
{%- else -%}<span class="mark no" title="not an attribute of the query">✗</span>{%- endif -%}
{%- endmacro -%}
{%- macro pair_card(card) -%}
{%- set pair = card.evidence -%}
<article class="card">
<p class="card-head"><span><span class="number">{{ card.number }}</span><b>{{ pair.query_label }}</b></span>
<span>
{%- if pair.condition %}types {{ pair.condition }}{% if pair.has_mask is false %}, no mask{% endif %} · {% endif -%}
similarity <b>{{ card.similarity }}</b></span></p>
<div class="trio">
<figure><img src="{{ card.query_picture }}" alt="query {{ pair.query }}"><figcaption>query<br>
{{- pair.query }}</figcaption></figure>
<figure><img src="{{ card.reference_picture }}" alt="reference {{ pair.reference }}"><figcaption>reference
{%- if pair.reference_label != pair.query_label %} ({{ pair.reference_label }}){% endif %}<br>
{{- pair.reference }}</figcaption></figure>
<figure>{% if card.overlay %}<img src="{{ card.overlay }}" alt="saliency map over the query">
{%- else %}<div class="blank">no map</div>{% endif %}<figcaption>what in the query<br>makes the match
</figcaption></figure>
</div>
{%- if card.ranked %}
<table class="attributes">
<thead><tr><th scope="col">attribute</th><th scope="col">confidence</th><th scope="col">map match</th>
<th scope="col">prior</th><th scope="col" class="score">score</th></tr></thead>
<tbody>
{%- for item in card.ranked %}
<tr{% if item.rank == 1 %} class="first"{% endif %}><td>{{ truth(item.is_true) }} {{ item.attribute }}</td>
{%- for term in item.terms -%}
<td><div class="term {{ term_names[loop.index0] }}">
{%- if term.share is not none %}{{ track(term.share) }}{% endif %}{{ term.text }}</div></td>
{%- endfor -%}
<td class="score">{{ item.score }}</td></tr>
{%- endfor %}
</tbody></table>
{%- endif %}
{%- if card.others %}
<ul class="others">
{%- for other in card.others %}
<li>{{ truth(other.is_true) }} {{ other.attribute }} <span>{{ other.variants }}</span></li>
{%- endfor %}
</ul>
{%- endif %}
</article>
{%- endmacro -%}
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Why these images match: {{ facts.dataset }}, {{ facts.similarity_model }}</title>
<style>{{ styles }}</style>
</head>
<body>
<header><div class="inner">
<h1>Why these images match</h1>
<p class="subtitle">{{ facts.similarity_model }} on {{ facts.dataset }}, explained
 by saliency maps and attributes</p>
<p class="statement">{{ statement }}</p>
<dl class="facts">
{%- for name, value in header_facts %}
<div><dt>{{ name }}</dt><dd>{{ value }}</dd></div>
{%- endfor %}
</dl>
</div></header>
<nav aria-label="Contents"><div class="inner"><ol>
{%- for section in sections %}
<li><a href="#{{ section.anchor }}">{{ section.heading }}</a></li>
{%- endfor %}
</ol></div></nav>
<main>
{%- for section in sections %}
<section id="{{ section.anchor }}">
<h2>{{ section.heading }}</h2>
{%- for paragraph in section.paragraphs %}
<p>{{ paragraph }}</p>
{%- endfor %}
{%- if section.cards %}
<div class="legend">
<span>saliency, least<span class="ramp" style="background:{{ gradient }}"></span>most</span>
<span><span class="mark">✓</span> the query has this attribute</span>
<span><span class="mark no">✗</span> it does not</span></div>
<div class="cards">
{%- for card in section.cards %}
{{ pair_card(card) }}
{%- endfor %}
</div>
{%- endif %}
{%- if section.tiles %}
<div class="tiles">
{%- for name, figure, meaning in section.tiles %}
<div class="tile">{{ name }}<b>{{ figure }}</b><small>{{ meaning }}</small></div>
{%- endfor %}
</div>
{%- endif %}
{%- for table in section.tables %}
{{ data_table(table) }}
{%- endfor %}
{%- if section.gallery %}
{{ map_gallery(section.gallery) }}
{%- endif %}
<div{% if section.figures and section.charts %} class="two"{% endif %}>
<div>
{%- for figure in section.figures %}
{{ drawing(figure) }}
{%- endfor %}
</div>
<div>
{%- for chart in section.charts %}
<h3>{{ chart.title }}</h3>
{%- if chart.legend %}
<div class="legend">
{%- for colour, name in chart.legend %}
<span><span class="swatch" style="background:{{ colour }}"></span>{{ name }}</span>
{%- endfor %}
</div>
{%- endif %}
{{ bars(chart.bars) }}
{%- endfor %}
</div>
</div>
{%- for note in section.notes %}
<p class="note">{{ note }}</p>
{%- endfor %}
</section>
{%- endfor %}
</main>
<footer><div class="inner">
{%- if versions %}Computed with {{ versions }}. {% endif -%}
Shares are fractions in the tables of the store; factors of 100 exist in this report only.
</div></footer>
</body>
</html>
"""
