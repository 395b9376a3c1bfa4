"""How gunicorn serves: its worker class, and what is refused before Flask is asked."""
