"""What the person who typed can put right."""


class Mistake(Exception):
    """Something that the person who typed can put right; the text is one line."""
