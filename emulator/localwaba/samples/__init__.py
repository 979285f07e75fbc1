"""A bot to copy, and the story that the demo tells with it."""
