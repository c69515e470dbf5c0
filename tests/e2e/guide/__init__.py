"""The customer guide as stories: each page of its menu, for each of the four roles."""
