"""Names and texts of others as DuckDB's SQL has them."""


def identifier(*names: str) -> str:
    """Quote the parts of a name.

    Examples:
        >>> identifier("marts", 'so "big" a mart')
        '"marts"."so ""big"" a mart"'
    """
    return ".".join('"' + name.replace('"', '""') + '"' for name in names)


def literal(text: object) -> str:
    """Quote a text.

    Examples:
        >>> literal("it's so")
        "'it''s so'"
    """
    return "'" + str(text).replace("'", "''") + "'"
