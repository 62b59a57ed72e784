"""How pages look: formats, the template, the theme."""
