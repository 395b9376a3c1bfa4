"""Schemas of parameters and bodies: schemas/x.py has those of blueprints/x.py."""
