"""Writes warehouse/inputs/number.sql: the project's reading of numbers for DuckDB.

What number(x) reads in a mapping is what parse_number reads in a model, for it is made
from it. Run this file after a change of parse_number.sql or currency_words.sql in
macros/cleaning.
"""

from __future__ import annotations

from macros_alone import macros
from real_builds import PROJECT

PATH = PROJECT / "warehouse" / "inputs" / "number.sql"
# What is read off a text in steps, each once: DuckDB's name -> the project's macro.
STEPS = {"signs": "_plain_signs", "bare": "_bare_number", "words": "number_words"}
PARTS = {
    "_is_one_number": ["signs", "bare", "words"],
    "_is_negative_number": ["bare", "words"],
}
RESULTS = {"number_form": ["text"], "parse_number": ["text", "decimal_mark"]}


def number_sql() -> str:
    """Write the temporary macros of DuckDB that are made from the project's."""
    known = macros(
        "matches_pattern", "remove_pattern", "currency_words", "parse_number"
    )
    own = dict(known)
    stepped = ", ".join(["text", *STEPS])
    for step, name in STEPS.items():
        known[name] = lambda *_, step=step: step
    for part, steps in PARTS.items():
        call = f"{part.strip('_')}({', '.join(steps)})"
        known[part] = lambda *_, call=call: call
    made = [_macro("plain_signs", "text", own["_plain_signs"]("text"))]
    made += [
        _macro(f"{step}_of", "signs", own[STEPS[step]]("signs"))
        for step in ("bare", "words")
    ]
    made += [
        _macro(part.strip("_"), ", ".join(steps), own[part](*steps))
        for part, steps in PARTS.items()
    ]
    for name, parameters in RESULTS.items():
        given = ", ".join([stepped, *parameters[1:]])
        made.append(_macro(f"{name}_in", given, own[name](*parameters)))
        inner = given.replace("bare", "it.bare").replace("words", "it.words")
        made.append(
            _macro(
                name,
                ", ".join(parameters),
                "list_transform([plain_signs(text)], lambda signs: list_transform("
                "[{'bare': bare_of(signs), 'words': words_of(signs)}], "
                f"lambda it: {name}_in({inner}))[1])[1]",
            )
        )
    currencies = {it: code for it, code in own["amount_words"]().items() if code}
    pairs = ", ".join(f"'{word}': '{code}'" for word, code in currencies.items())
    made.append(_macro("currency_of", "words", f"map {{{pairs}}}[words]"))
    head = (
        "-- Made from macros/cleaning/parse_number.sql by tests/python/number_sql.py.\n"
    )
    return "\n".join([head, *made])


def _macro(name: str, parameters: str, body: str) -> str:
    return f"create or replace temp macro {name}({parameters}) as\n{body};\n"


if __name__ == "__main__":
    PATH.write_text(number_sql(), encoding="utf-8")
