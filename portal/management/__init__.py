"""Commands of the Django project."""
