"""What can be typed: a module for each group of commands.

What a command needs is imported when it runs, and not before: most of what is typed needs little of all that there is.
"""
